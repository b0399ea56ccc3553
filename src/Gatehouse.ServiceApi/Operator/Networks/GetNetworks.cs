using Gatehouse.Contracts.Access;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Networks;

/// <summary><c>GET /gatehouse/v1/devices/{deviceId}/networks</c></summary>
internal sealed class GetNetworks(DeviceBindings bindings) : ApiOperation(Operations.ManageStrictness, "GET", "gatehouse/v1/devices/{deviceId}/networks")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var found = await bindings.FindAsync(request.Hub, device.Value, cancellationToken);
        return found.IsOk ? ApiResponse.Json(NetworksJson.From(found.Value), OperatorJson.Types.NetworksJson) : found.Error;
    }
}
