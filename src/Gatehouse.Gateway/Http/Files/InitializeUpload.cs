using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;
using Gatehouse.Wire.Http;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>POST that asks for a place for a file: answers with address and token of one blob.</summary>
/// <remarks>The address of the embedded endpoint is the host, and port, that the device has reached: it can reach it again, and the certificate fits.</remarks>
internal sealed class InitializeUpload(FileUploads uploads) : DeviceOperation(Operations.InitializeFileUpload, "POST", "files")
{
    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        var body = await UploadBody.ReadAsync(request.Http.Request, UploadJson.Default.InitializeBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var begun = await uploads.InitializeAsync(request.Principal.Hub, request.Principal.Identity!.Value.Device, body.Value.BlobName, cancellationToken);
        if (!begun.IsOk)
        {
            return begun.Error;
        }

        var ticket = begun.Value;
        var answer = new InitializeAnswer(ticket.CorrelationId, ticket.HostName ?? request.Http.Request.Host.Value!, ticket.ContainerName, ticket.BlobName, ticket.SasToken);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(answer, UploadJson.Default.InitializeAnswer);
        request.Http.Response.ContentType = ErrorDocument.ContentType;
        request.Http.Response.ContentLength = bytes.Length;
        await request.Http.Response.Body.WriteAsync(bytes, cancellationToken);
        return null;
    }
}
