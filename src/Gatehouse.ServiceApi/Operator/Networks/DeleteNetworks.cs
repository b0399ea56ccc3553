using Gatehouse.Contracts.Access;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Networks;

/// <summary><c>DELETE /gatehouse/v1/devices/{deviceId}/networks</c>: the device may come from anywhere again.</summary>
internal sealed class DeleteNetworks(DeviceBindings bindings) : ApiOperation(Operations.ManageStrictness, "DELETE", "gatehouse/v1/devices/{deviceId}/networks")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var effect = await bindings.ChangeAsync(request.Hub, device.Value, null, isForced: false, request.Actor, cancellationToken);
        return effect.IsOk ? ApiResponse.Json(NetworksEffectJson.From(effect.Value), OperatorJson.Types.NetworksEffectJson) : effect.Error;
    }
}
