using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Networks;

/// <summary><c>PUT /gatehouse/v1/devices/{deviceId}/networks?drill=true&amp;force=true</c> with <c>{"ranges":["192.0.2.0/24"]}</c>; a drill says what would happen, and changes nothing.</summary>
internal sealed class PutNetworks(DeviceBindings bindings) : ApiOperation(Operations.ManageStrictness, "PUT", "gatehouse/v1/devices/{deviceId}/networks")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false") || request.Query("force") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill and force must be true or false.");
        }

        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.NetworksBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (NetworkRanges.Parse(body.Value.Ranges ?? [], out var fault) is not { } networks)
        {
            return HubErrors.ArgumentInvalid.With(fault);
        }

        var effect = request.Query("drill") == "true"
            ? await bindings.RehearseAsync(request.Hub, device.Value, networks, cancellationToken)
            : await bindings.ChangeAsync(request.Hub, device.Value, networks, request.Query("force") == "true", request.Actor, cancellationToken);
        return effect.IsOk ? ApiResponse.Json(NetworksEffectJson.From(effect.Value), OperatorJson.Types.NetworksEffectJson) : effect.Error;
    }
}
