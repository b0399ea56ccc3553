using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>GET /gatehouse/v1/certificates</c></summary>
internal sealed class ListCertificates(CaCertificates certificates) : ApiOperation(Operations.ManageCertificates, "GET", "gatehouse/v1/certificates")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await certificates.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<CertificateJson>([.. all.Select(CertificateJson.From)]), OperatorJson.Types.Certificates);
    }
}
