using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>POST /gatehouse/v1/certificates/{name}/generateVerificationCode</c></summary>
internal sealed class GenerateVerificationCode(CaCertificates certificates)
    : ApiOperation(Operations.ManageCertificates, "POST", "gatehouse/v1/certificates/{name}/generateVerificationCode")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var certificate = await certificates.GenerateVerificationCodeAsync(request.Hub, request.Segment("name"), ifMatch.Value, request.Actor, cancellationToken);
        return certificate.IsOk
            ? ApiResponse.Json(CertificateJson.WithCode(certificate.Value), OperatorJson.Types.CertificateJson, certificate.Value.ETag)
            : certificate.Error;
    }
}
