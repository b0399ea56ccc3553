using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>DELETE /messages/serviceBound/filenotifications/{lockToken}</c></summary>
internal sealed class CompleteFileUploadNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFileUploadNotification, "DELETE", "messages/serviceBound/filenotifications/{lockToken}")
{
    // Paid for when it was received.
    internal override bool IsThrottledByRequest => false;

    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.CompleteAsync(notifications, NotificationKind.FileNotification, request, cancellationToken);
}
