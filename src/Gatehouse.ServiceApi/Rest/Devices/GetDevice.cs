using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>GET /devices/{deviceId}</c></summary>
internal sealed class GetDevice(IdentityRegistry registry) : ApiOperation(Operations.GetDevice, "GET", "devices/{deviceId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var found = await registry.GetAsync(request.Hub, new IdentityKey(device.Value), cancellationToken);
        return found.IsOk ? ApiResponse.Json(DeviceDocument.Of(found.Value), RegistryJson.Shapes.DeviceDocument, found.Value.ETag) : found.Error;
    }
}
