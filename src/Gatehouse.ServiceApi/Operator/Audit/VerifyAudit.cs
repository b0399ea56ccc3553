using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Audit;

/// <summary><c>GET /gatehouse/v1/audit/verify</c>: walks the hash chain.</summary>
internal sealed class VerifyAudit(AuditTrail trail) : ApiOperation(Operations.ReadAudit, "GET", "gatehouse/v1/audit/verify")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        ApiResponse.Json(await trail.VerifyAsync(cancellationToken), OperatorJson.Types.AuditCheck);
}
