using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Messages;

/// <summary>A message to a device as a request carries it: properties in headers, the bytes as body.</summary>
/// <remarks>The names are those of the device plane over HTTPS (device-plane §3.2 of the wire reference). Unconfirmed for this direction: no SDK of a back end sends over REST, Explorer sends a body alone.</remarks>
internal static class MessageHeaders
{
    private const string ApplicationPrefix = "iothub-app-";

    internal static Result<CloudMessage> Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        var acknowledgement = AcknowledgementWords.Parse(Text(headers, "iothub-ack"));
        if (!acknowledgement.IsOk)
        {
            return acknowledgement.Error;
        }

        DateTimeOffset? expiresAt = null;
        if (Text(headers, "iothub-expiry") is { } expiry)
        {
            if (!DateTimeOffset.TryParse(expiry, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed))
            {
                return HubErrors.ArgumentInvalid.With("iothub-expiry must be a time in ISO 8601 or RFC 1123.");
            }

            expiresAt = parsed;
        }

        return new CloudMessage
        {
            MessageId = Text(headers, "iothub-messageid"),
            CorrelationId = Text(headers, "iothub-correlationid"),
            UserId = Text(headers, "iothub-userid"),
            ContentType = Text(headers, "iothub-contenttype"),
            ContentEncoding = Text(headers, "iothub-contentencoding"),
            CreationTimeUtc = Text(headers, "iothub-creationtimeutc"),
            MessageSchema = Text(headers, "iothub-messageschema"),
            ExpiresAt = expiresAt,
            Acknowledgement = acknowledgement.Value,
            Properties =
            [
                .. headers.Where(static header => header.Key.StartsWith(ApplicationPrefix, StringComparison.OrdinalIgnoreCase))
                    .Select(static header => new KeyValuePair<string, string?>(header.Key[ApplicationPrefix.Length..], header.Value.ToString())),
            ],
            Body = body,
        };
    }

    private static string? Text(IHeaderDictionary headers, string name) => headers.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } text ? text : null;
}
