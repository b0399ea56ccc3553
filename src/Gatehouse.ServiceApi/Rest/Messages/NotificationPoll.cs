using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary>What receivers over REST do with notifications of either kind.</summary>
internal static class NotificationPoll
{
    /// <summary>The next with its lock token as ETag, or 204.</summary>
    internal static async Task<ApiResponse> ReceiveAsync(NotificationQueues notifications, NotificationKind kind, ApiRequest request, CancellationToken cancellationToken)
    {
        if (await notifications.TakeAsync(request.Hub, kind, cancellationToken) is not { } taken)
        {
            return ApiResponse.NoContent;
        }

        var response = request.Http.Response;
        response.ContentType = ApiJson.ContentType;
        response.ContentLength = taken.Body.Length;
        response.Headers.ETag = $"\"{taken.LockToken}\"";
        await response.Body.WriteAsync(taken.Body, cancellationToken);
        return ApiResponse.Sent;
    }

    internal static async Task<ApiResponse> CompleteAsync(NotificationQueues notifications, NotificationKind kind, ApiRequest request, CancellationToken cancellationToken) =>
        Guid.TryParse(request.Segment("lockToken"), out var token) ? Of(await notifications.CompleteAsync(request.Hub, kind, token, cancellationToken)) : HubErrors.DeviceMessageLockLost;

    internal static async Task<ApiResponse> AbandonAsync(NotificationQueues notifications, NotificationKind kind, ApiRequest request, CancellationToken cancellationToken) =>
        Guid.TryParse(request.Segment("lockToken"), out var token) ? Of(await notifications.AbandonAsync(request.Hub, kind, token, cancellationToken)) : HubErrors.DeviceMessageLockLost;

    private static ApiResponse Of(Result<bool> settled) => settled.IsOk ? ApiResponse.NoContent : settled.Error;
}
