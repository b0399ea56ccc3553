using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>GET /messages/serviceBound/filenotifications</c></summary>
internal sealed class ReceiveFileUploadNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFileUploadNotification, "GET", "messages/serviceBound/filenotifications")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        NotificationPoll.ReceiveAsync(notifications, NotificationKind.FileNotification, request, cancellationToken);
}
