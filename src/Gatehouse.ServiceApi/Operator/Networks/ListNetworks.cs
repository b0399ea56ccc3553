using Gatehouse.Contracts.Access;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Networks;

/// <summary><c>GET /gatehouse/v1/networks?after=d1&amp;max=100</c>: the devices that are bound, in the order of their names.</summary>
internal sealed class ListNetworks(DeviceBindings bindings) : ApiOperation(Operations.ManageStrictness, "GET", "gatehouse/v1/networks")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 100);
        if (!max.IsOk)
        {
            return max.Error;
        }

        var found = await bindings.ListAsync(request.Hub, request.Query("after") ?? "", max.Value, cancellationToken);
        return ApiResponse.Json(new ListOf<NetworksJson>([.. found.Select(NetworksJson.From)]), OperatorJson.Types.BoundDevices);
    }
}
