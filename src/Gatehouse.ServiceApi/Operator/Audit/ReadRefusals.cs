using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Audit;

/// <summary><c>GET /gatehouse/v1/refusals?identity=d1&amp;max=50</c>: the newest refusals first.</summary>
internal sealed class ReadRefusals(AuditTrail trail) : ApiOperation(Operations.ReadRefusals, "GET", "gatehouse/v1/refusals")
{
    // device/module, each at most 128 characters.
    private const int MaxIdentityLength = 257;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 50);
        if (!max.IsOk)
        {
            return max.Error;
        }

        var identity = request.Query("identity");
        if (identity is { Length: 0 or > MaxIdentityLength } || identity?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return HubErrors.ArgumentInvalid.With($"identity must have 1 to {MaxIdentityLength} characters.");
        }

        var items = await trail.ReadRefusalsAsync(request.Hub, identity, max.Value, cancellationToken);
        return ApiResponse.Json(new ListOf<RefusalJson>([.. items.Select(RefusalJson.From)]), OperatorJson.Types.Refusals);
    }
}
