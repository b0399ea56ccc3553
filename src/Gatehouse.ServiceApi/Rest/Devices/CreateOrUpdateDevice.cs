using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>PUT /devices/{deviceId}</c>: creates without If-Match, replaces with it; 200 both ways, with the stored document.</summary>
internal sealed class CreateOrUpdateDevice(IdentityRegistry registry) : ApiOperation(Operations.CreateOrUpdateDevice, "PUT", "devices/{deviceId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        var ifMatch = request.IfMatch();
        if (!device.IsOk || !ifMatch.IsOk)
        {
            return device.Error ?? ifMatch.Error!;
        }

        var body = await request.ReadJsonAsync(RegistryJson.Shapes.DeviceBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.DeviceId != device.Value.Value)
        {
            return HubErrors.ArgumentInvalid.With("The deviceId of the body must equal the one of the path.");
        }

        var stored = await registry.PutAsync(request.Hub, request.Actor, body.Value.ToInput(device.Value), ifMatch.Value, cancellationToken);
        return stored.IsOk ? ApiResponse.Json(DeviceDocument.Of(stored.Value), RegistryJson.Shapes.DeviceDocument, stored.Value.ETag) : stored.Error;
    }
}
