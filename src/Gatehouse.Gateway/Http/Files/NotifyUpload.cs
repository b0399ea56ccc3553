using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>POST that says what became of an upload. The correlation id is in the body (C, C#), in the path (Node), or in both.</summary>
internal sealed class NotifyUpload(FileUploads uploads, string template) : DeviceOperation(Operations.NotifyFileUpload, "POST", template)
{
    internal const string InBody = "files/notifications";
    internal const string InPath = "files/notifications/{correlationId}";

    private const int PathWithId = 5;

    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        var body = await UploadBody.ReadAsync(request.Http.Request, UploadJson.Default.NotifyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var correlationId = request.Path.Count == PathWithId ? request.Path[^1] : body.Value.CorrelationId;
        if (string.IsNullOrEmpty(correlationId) || body.Value.IsSuccess is not { } isSuccess)
        {
            return HubErrors.ArgumentNull.With("correlationId and isSuccess are needed.");
        }

        var endpoint = $"https://{request.Http.Request.Host.Value}";
        var ended = await uploads.NotifyAsync(request.Principal.Hub, request.Principal.Identity!.Value.Device, endpoint, correlationId, isSuccess, cancellationToken);
        request.AnswerNoContent();
        return ended.Error;
    }
}
