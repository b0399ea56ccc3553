using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Notifications;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary><c>DELETE /messages/serviceBound/feedback/{lockToken}</c></summary>
internal sealed class CompleteFeedbackNotification(NotificationQueues notifications)
    : ApiOperation(Operations.ReceiveFeedbackNotification, "DELETE", "messages/serviceBound/feedback/{lockToken}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(request.Segment("lockToken"), out var token))
        {
            return HubErrors.DeviceMessageLockLost;
        }

        var completed = await notifications.CompleteAsync(request.Hub, NotificationKind.Feedback, token, cancellationToken);
        return completed.IsOk ? ApiResponse.NoContent : completed.Error;
    }
}
