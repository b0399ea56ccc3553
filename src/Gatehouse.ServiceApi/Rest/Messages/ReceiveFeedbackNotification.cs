using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>GET /messages/serviceBound/feedback</c>: one batch with its lock token as ETag, or 204.</summary>
internal sealed class ReceiveFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "GET", "messages/serviceBound/feedback")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (await notifications.TakeAsync(request.Hub, NotificationKind.Feedback, cancellationToken) is not { } batch)
        {
            return ApiResponse.NoContent;
        }

        var response = request.Http.Response;
        response.ContentType = ApiJson.ContentType;
        response.ContentLength = batch.Body.Length;
        response.Headers.ETag = $"\"{batch.LockToken}\"";
        await response.Body.WriteAsync(batch.Body, cancellationToken);
        return ApiResponse.Sent;
    }
}
