using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;

namespace Gatehouse.Gateway.Http;

/// <summary>DELETE of a message that the device holds: completes it, or with <c>reject</c> in the query rejects it. Only the lock token of the path counts; clients write it into If-Match in three ways.</summary>
internal sealed class SettleMessage(CloudToDeviceMessages messages) : DeviceOperation(Operations.ReceiveCloudToDeviceMessage, "DELETE", "messages/devicebound/{lockToken}")
{
    // The service counts what is received.
    internal override bool IsThrottledByRequest => false;

    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(request.Path[^1], out var lockToken))
        {
            return HubErrors.DeviceMessageLockLost;
        }

        var settled = request.Http.Request.Query.ContainsKey("reject")
            ? await messages.RejectAsync(request.Queue, lockToken, cancellationToken)
            : await messages.CompleteAsync(request.Queue, lockToken, cancellationToken);
        request.AnswerNoContent();
        return settled.Error;
    }
}
