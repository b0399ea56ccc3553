using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>GET /messages/serviceBound/feedback</c></summary>
internal sealed class ReceiveFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "GET", "messages/serviceBound/feedback")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.ReceiveAsync(notifications, NotificationKind.Feedback, request, cancellationToken);
}
