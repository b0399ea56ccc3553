using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>POST /devices/{deviceId}/messages/deviceBound</c></summary>
internal sealed class SendCloudToDeviceMessage(CloudToDeviceMessages messages)
    : ApiOperation(Operations.SendCloudToDeviceMessage, "POST", "devices/{deviceId}/messages/deviceBound")
{
    // What is a little larger is answered by the rule itself; nothing more is read.
    private const int MaxBodyBytes = 128 * 1024;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var body = await JsonBody.ReadBytesAsync(request.Http.Request, MaxBodyBytes, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error.HttpStatus == HubErrors.MessageTooLarge.HttpStatus ? HubErrors.MessageTooLarge : body.Error;
        }

        var message = MessageHeaders.Read(request.Http.Request.Headers, body.Value);
        if (!message.IsOk)
        {
            return message.Error;
        }

        var sent = await messages.SendAsync(request.Hub, device.Value, message.Value, cancellationToken);
        if (sent.Error?.Code == HubErrors.DeviceNotFound.Code && TryDecodeAgain(device.Value, out var decoded))
        {
            sent = await messages.SendAsync(request.Hub, decoded, message.Value, cancellationToken);
        }

        return sent.IsOk ? ApiResponse.NoContent : sent.Error;
    }

    // IoT Explorer encodes the id of this operation twice.
    private static bool TryDecodeAgain(DeviceId device, out DeviceId decoded)
    {
        decoded = default;
        return device.Value.Contains('%', StringComparison.Ordinal) && DeviceId.TryParse(Uri.UnescapeDataString(device.Value), out decoded);
    }
}
