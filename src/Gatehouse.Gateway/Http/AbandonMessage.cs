using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;

namespace Gatehouse.Gateway.Http;

/// <summary>POST that gives a message back: it is delivered again, unless that was the last time.</summary>
internal sealed class AbandonMessage(CloudToDeviceMessages messages) : DeviceOperation(Operations.ReceiveCloudToDeviceMessage, "POST", "messages/devicebound/{lockToken}/abandon")
{
    // The service counts what is received.
    internal override bool IsThrottledByRequest => false;

    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(request.Path[^2], out var lockToken))
        {
            return HubErrors.DeviceMessageLockLost;
        }

        var abandoned = await messages.AbandonAsync(request.Queue, lockToken, cancellationToken);
        request.AnswerNoContent();
        return abandoned.Error;
    }
}
