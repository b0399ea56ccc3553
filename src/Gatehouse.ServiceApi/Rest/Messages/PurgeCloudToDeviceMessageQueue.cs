using Gatehouse.Contracts.Access;
using Gatehouse.Hub.CloudToDevice;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>DELETE /devices/{deviceId}/commands</c></summary>
internal sealed class PurgeCloudToDeviceMessageQueue(CloudToDeviceMessages messages)
    : ApiOperation(Operations.PurgeCloudToDeviceMessageQueue, "DELETE", "devices/{deviceId}/commands")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var purged = await messages.PurgeAsync(request.Hub, request.Actor, device.Value, cancellationToken);
        return purged.IsOk
            ? ApiResponse.Json(new PurgeDocument { DeviceId = device.Value.Value, TotalMessagesPurged = purged.Value }, MessagesJson.Shapes.PurgeDocument)
            : purged.Error;
    }
}
