using Gatehouse.Contracts.Access;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>GET /gatehouse/v1/keys</c>: what wraps the data keys, and the wrapping keys in all key stores.</summary>
internal sealed class ListKeys(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "GET", "gatehouse/v1/keys")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await keys.ReadAsync(cancellationToken);
        return found.IsOk ? ApiResponse.Json(found.Value, OperatorJson.Types.KeyOverview) : found.Error;
    }
}
