using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http;

/// <summary>GET of the next message to the device, locked for it: 200 with the message, or 204 when none waits.</summary>
/// <remarks>Source: device-plane §3.3 of the wire reference. The C and C# clients match the names of headers with their case, and the quotes of the ETag are theirs too.</remarks>
internal sealed class ReceiveMessage(CloudToDeviceMessages messages) : DeviceOperation(Operations.ReceiveCloudToDeviceMessage, "GET", "messages/devicebound")
{
    private const int MaxLockSeconds = 300;
    private const int MaxDeliveryCount = 255;

    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        if (await messages.ReceiveAsync(request.Queue, LockFor(request.Http.Request), cancellationToken) is not { } locked)
        {
            request.AnswerNoContent();
            return null;
        }

        SetHeaders(request.Http.Response.Headers, locked, request.Queue.Device.Value);
        request.Http.Response.ContentLength = locked.Message.Body.Length;
        await request.Http.Response.Body.WriteAsync(locked.Message.Body, cancellationToken);
        return null;
    }

    // What is no number of the documented range is ignored.
    private static TimeSpan? LockFor(HttpRequest request) =>
        int.TryParse(request.Query["iothub-messagelocktimeout"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= MaxLockSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static void SetHeaders(IHeaderDictionary headers, LockedMessage locked, string device)
    {
        var message = locked.Message;
        headers.ETag = $"\"{locked.LockToken}\"";
        Set(headers, "iothub-messageid", message.MessageId);
        Set(headers, "iothub-correlationid", message.CorrelationId);
        Set(headers, "iothub-userid", message.UserId);
        Set(headers, "iothub-to", $"/devices/{Uri.EscapeDataString(device)}/messages/devicebound");
        Set(headers, "iothub-sequencenumber", locked.SequenceNumber.ToString(CultureInfo.InvariantCulture));
        Set(headers, "iothub-enqueuedtime", TimeText(locked.EnqueuedTime));
        Set(headers, "iothub-expiry", message.ExpiresAt is { } expiry ? TimeText(expiry) : null);
        Set(headers, "iothub-deliverycount", Math.Min(locked.DeliveryCount, MaxDeliveryCount).ToString(CultureInfo.InvariantCulture));
        Set(headers, "iothub-ack", AcknowledgementWords.Of(message.Acknowledgement));
        Set(headers, "ContentType", message.ContentType);
        Set(headers, "ContentEncoding", message.ContentEncoding);
        Set(headers, "iothub-contenttype", message.ContentType);
        Set(headers, "iothub-contentencoding", message.ContentEncoding);
        Set(headers, "iothub-creationtimeutc", message.CreationTimeUtc);
        Set(headers, "iothub-messageschema", message.MessageSchema);
        Set(headers, "iothub-operation", message.Operation);
        foreach (var (name, value) in message.Properties)
        {
            Set(headers, "iothub-app-" + name, value ?? "");
        }
    }

    private static string TimeText(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static void Set(IHeaderDictionary headers, string name, string? value)
    {
        if (value is not null)
        {
            headers[name] = HeaderText(value);
        }
    }

    /// <summary>A header is a line: a control character would begin another one, so it becomes a space; the web server itself refuses to write it.</summary>
    private static string HeaderText(string value)
    {
        if (!value.AsSpan().ContainsAnyInRange('\0', '\u001f') && !value.Contains('\u007f', StringComparison.Ordinal))
        {
            return value;
        }

        var text = new StringBuilder(value);
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = char.IsControl(text[i]) ? ' ' : text[i];
        }

        return text.ToString();
    }
}
