using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>POST /messages/serviceBound/filenotifications/{lockToken}/abandon</c></summary>
internal sealed class AbandonFileUploadNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFileUploadNotification, "POST", "messages/serviceBound/filenotifications/{lockToken}/abandon")
{
    // Paid for when it was received.
    internal override bool IsThrottledByRequest => false;

    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.AbandonAsync(notifications, NotificationKind.FileNotification, request, cancellationToken);
}
