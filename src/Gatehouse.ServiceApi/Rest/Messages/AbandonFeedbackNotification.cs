using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>POST /messages/serviceBound/feedback/{lockToken}/abandon</c></summary>
internal sealed class AbandonFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "POST", "messages/serviceBound/feedback/{lockToken}/abandon")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(request.Segment("lockToken"), out var token))
        {
            return HubErrors.DeviceMessageLockLost;
        }

        var abandoned = await notifications.AbandonAsync(request.Hub, NotificationKind.Feedback, token, cancellationToken);
        return abandoned.IsOk ? ApiResponse.NoContent : abandoned.Error;
    }
}
