using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>DELETE /messages/serviceBound/feedback/{lockToken}</c></summary>
internal sealed class CompleteFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "DELETE", "messages/serviceBound/feedback/{lockToken}")
{
    // Paid for when it was received.
    internal override bool IsThrottledByRequest => false;

    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.CompleteAsync(notifications, NotificationKind.Feedback, request, cancellationToken);
}
