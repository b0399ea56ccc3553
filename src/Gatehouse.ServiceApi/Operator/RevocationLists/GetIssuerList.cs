using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary><c>GET /gatehouse/v1/revocation-lists/{ca}</c></summary>
internal sealed class GetIssuerList(IssuerLists lists) : ApiOperation(Operations.ManageRevocations, "GET", "gatehouse/v1/revocation-lists/{ca}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await lists.FindAsync(request.Hub, request.Segment("ca"), cancellationToken);
        return found.IsOk ? ApiResponse.Json(IssuerListJson.From(found.Value), OperatorJson.Types.IssuerListJson) : found.Error;
    }
}
