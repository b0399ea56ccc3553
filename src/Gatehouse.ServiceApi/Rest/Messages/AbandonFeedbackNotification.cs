using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>POST /messages/serviceBound/feedback/{lockToken}/abandon</c></summary>
internal sealed class AbandonFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "POST", "messages/serviceBound/feedback/{lockToken}/abandon")
{
    // Paid for when it was received.
    internal override bool IsThrottledByRequest => false;

    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.AbandonAsync(notifications, NotificationKind.Feedback, request, cancellationToken);
}
