using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>GET /gatehouse/v1/certificates/{name}</c></summary>
internal sealed class GetCertificate(CaCertificates certificates) : ApiOperation(Operations.ManageCertificates, "GET", "gatehouse/v1/certificates/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await certificates.FindAsync(request.Hub, request.Segment("name"), cancellationToken);
        return found.IsOk ? CertificateJson.Answer(found.Value) : found.Error;
    }
}
