using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Revocations;

/// <summary><c>GET /gatehouse/v1/revocations?before=17&amp;max=100</c>: the newest first.</summary>
internal sealed class ListRevocations(RevocationList revocations) : ApiOperation(Operations.ManageRevocations, "GET", "gatehouse/v1/revocations")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 100);
        if (!max.IsOk)
        {
            return max.Error;
        }

        if (Page.Number(request, "before", long.MaxValue) is not { } before)
        {
            return HubErrors.ArgumentInvalid.With("before must be the sequence of an entry.");
        }

        var entries = await revocations.ListAsync(request.Hub, before, max.Value, cancellationToken);
        return ApiResponse.Json(new ListOf<RevocationJson>([.. entries.Select(RevocationJson.From)]), OperatorJson.Types.Revocations);
    }
}
