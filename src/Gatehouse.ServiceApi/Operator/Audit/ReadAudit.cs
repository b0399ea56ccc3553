using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Audit;

/// <summary><c>GET /gatehouse/v1/audit?after=0&amp;max=100</c>: this hub's records, oldest first.</summary>
internal sealed class ReadAudit(AuditTrail trail) : ApiOperation(Operations.ReadAudit, "GET", "gatehouse/v1/audit")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 100);
        if (!max.IsOk)
        {
            return max.Error;
        }

        if (Page.Number(request, "after", 0) is not { } after)
        {
            return HubErrors.ArgumentInvalid.With("after must be a number of 0 or more.");
        }

        var items = await trail.ReadAsync(request.Hub, after, max.Value, cancellationToken);
        return ApiResponse.Json(new ListOf<AuditJson>([.. items.Select(AuditJson.From)]), OperatorJson.Types.AuditRecords);
    }
}
