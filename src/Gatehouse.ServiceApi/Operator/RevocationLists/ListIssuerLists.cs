using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary><c>GET /gatehouse/v1/revocation-lists</c></summary>
internal sealed class ListIssuerLists(IssuerLists lists) : ApiOperation(Operations.ManageRevocations, "GET", "gatehouse/v1/revocation-lists")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await lists.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<IssuerListJson>([.. all.Select(IssuerListJson.From)]), OperatorJson.Types.IssuerLists);
    }
}
