using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;

namespace Gatehouse.Gateway.Mqtt;

/// <summary><c>devices/{d}/messages/devicebound/{bag}</c>. The bag is never empty and every value is escaped: C# ends the connection otherwise; system names begin with <c>%24.</c>, which C compares as it is.</summary>
/// <remarks>Source: device clients' parsers. Times are in .NET's round-trip form, which C# demands; a creation time that is none is left out.</remarks>
internal static class DeviceBoundTopic
{
    internal static string Encode(DeviceId device, CloudMessage message)
    {
        var topic = new StringBuilder($"devices/{device}/messages/devicebound/%24.to={Uri.EscapeDataString($"/devices/{device}/messages/deviceBound")}");
        Add(topic, "%24.mid", message.MessageId);
        Add(topic, "%24.cid", message.CorrelationId);
        Add(topic, "%24.uid", message.UserId);
        Add(topic, "%24.ct", message.ContentType);
        Add(topic, "%24.ce", message.ContentEncoding);
        Add(topic, "%24.exp", message.ExpiresAt is { } expiry ? Format(expiry) : null);
        Add(topic, "%24.ctime", DateTimeOffset.TryParse(message.CreationTimeUtc, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created) ? Format(created) : null);
        Add(topic, "iothub-ack", message.Acknowledgement == Acknowledgement.None ? null : AcknowledgementWords.Of(message.Acknowledgement));
        foreach (var (name, value) in message.Properties)
        {
            Add(topic, Uri.EscapeDataString(name), value ?? "");
        }

        return topic.ToString();
    }

    private static void Add(StringBuilder topic, string name, string? value)
    {
        if (value is not null)
        {
            topic.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
