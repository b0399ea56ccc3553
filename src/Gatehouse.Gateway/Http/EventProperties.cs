using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http;

/// <summary>The headers of a message over HTTPS, which are the properties of a batch's messages too, as fields of an event.</summary>
/// <remarks>Source: device-plane §3.2 of the wire reference. Names in any case; an application property keeps the case of its key.</remarks>
internal static class EventProperties
{
    /// <summary>Largest head that <see cref="TryBuild"/> makes. Bytes; the server takes 32 KiB of headers, and a field is smaller than its header.</summary>
    private const int HeadBytes = 64 * 1024;

    [ThreadStatic]
    private static byte[]? head;

    [ThreadStatic]
    private static byte[]? text;

    /// <summary>The head of an event from the headers of a request, valid until the next call on this thread. False when it does not fit.</summary>
    internal static bool TryBuild(IHeaderDictionary headers, ReadOnlySpan<byte> stamps, out ReadOnlySpan<byte> result)
    {
        var writer = new EventWriter(head ??= new byte[HeadBytes]);
        var fits = writer.TryAddEncoded(stamps);
        var scratch = (text ??= new byte[HeadBytes]).AsSpan();
        foreach (var (name, values) in headers)
        {
            if (!fits)
            {
                break;
            }

            if (IsOfMessage(name))
            {
                fits = Encoding.UTF8.TryGetBytes(name, scratch, out var nameLength)
                    && Encoding.UTF8.TryGetBytes(values.ToString(), scratch[nameLength..], out var valueLength)
                    && TryAdd(ref writer, scratch[..nameLength], scratch.Slice(nameLength, valueLength));
            }
        }

        result = fits ? writer.Complete() : default;
        return fits;
    }

    /// <summary>Joins the stamps and the fields that were made of a batch's properties; otherwise like <see cref="TryBuild"/>.</summary>
    internal static bool TryJoin(ReadOnlySpan<byte> stamps, ReadOnlySpan<byte> fields, out ReadOnlySpan<byte> result)
    {
        var room = stamps.Length + fields.Length + 16;
        var writer = new EventWriter(room <= HeadBytes ? head ??= new byte[HeadBytes] : new byte[room]);
        var fits = writer.TryAddEncoded(stamps) && writer.TryAddEncoded(fields);
        result = fits ? writer.Complete() : default;
        return fits;
    }

    /// <summary>Adds one property; what is no property of a message, or not the device's to say, is left out. False when the buffer is too small.</summary>
    internal static bool TryAdd(ref EventWriter writer, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (StartsWith(name, "iothub-app-"u8))
        {
            var key = name["iothub-app-".Length..];
            return key.IsEmpty || TelemetryStamps.IsOwnName(key) || writer.TryAddApplication(key, value);
        }

        return value.IsEmpty || FieldOf(name) is not { } field || writer.TryAdd(field, value);
    }

    private static bool IsOfMessage(string name) =>
        name.StartsWith("iothub-", StringComparison.OrdinalIgnoreCase) || name.Equals("dt-subject", StringComparison.OrdinalIgnoreCase);

    private static bool StartsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);

    // iothub-to, -operation and -ack say nothing about a message to the cloud.
    private static EventField? FieldOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        10 when Is(name, "dt-subject"u8) => EventField.Subject,
        13 when Is(name, "iothub-userid"u8) => EventField.UserId,
        13 when Is(name, "iothub-expiry"u8) => EventField.AbsoluteExpiryTime,
        16 when Is(name, "iothub-messageid"u8) => EventField.MessageId,
        18 when Is(name, "iothub-contenttype"u8) => EventField.ContentType,
        19 when Is(name, "iothub-interface-id"u8) => EventField.InterfaceId,
        20 when Is(name, "iothub-correlationid"u8) => EventField.CorrelationId,
        20 when Is(name, "iothub-messageschema"u8) => EventField.MessageSchema,
        22 when Is(name, "iothub-contentencoding"u8) => EventField.ContentEncoding,
        22 when Is(name, "iothub-creationtimeutc"u8) => EventField.CreationTimeUtc,
        _ => null,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(name, expected);
}
