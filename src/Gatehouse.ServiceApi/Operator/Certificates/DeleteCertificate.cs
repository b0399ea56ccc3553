using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>DELETE /gatehouse/v1/certificates/{name}</c>; devices that stood on it are cut off.</summary>
internal sealed class DeleteCertificate(CaCertificates certificates) : ApiOperation(Operations.ManageCertificates, "DELETE", "gatehouse/v1/certificates/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await certificates.DeleteAsync(request.Hub, request.Segment("name"), ifMatch.Value, request.Actor, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
