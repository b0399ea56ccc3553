using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary><c>DELETE /gatehouse/v1/revocation-lists/{ca}</c>: the list with its rule.</summary>
internal sealed class DeleteIssuerList(IssuerLists lists) : ApiOperation(Operations.ManageRevocations, "DELETE", "gatehouse/v1/revocation-lists/{ca}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var removed = await lists.RemoveAsync(request.Hub, request.Segment("ca"), request.Actor, cancellationToken);
        return removed.IsOk ? ApiResponse.Json(IssuerListJson.From(removed.Value), OperatorJson.Types.IssuerListJson) : removed.Error;
    }
}
