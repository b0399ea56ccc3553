using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Telemetry;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Builds the head of an event record from a property bag. One buffer pair per thread; nothing is allocated per message.</summary>
internal static class EventHead
{
    // Every byte of a bag makes at most two of a head (one-letter keys: tag and two lengths for "k=&"), beside the stamps.
    private const int HeadBytes = (2 * PublishPacket.MaxTopicBytes) + 4096;

    [ThreadStatic]
    private static byte[]? head;

    [ThreadStatic]
    private static byte[]? decoded;

    /// <summary>The head, valid until the next call on this thread. False when it does not fit.</summary>
    /// <param name="bag">Percent-encoded.</param>
    /// <param name="stamps">The session's own fields, encoded.</param>
    /// <param name="isRetained">Adds <c>mqtt-retain</c>.</param>
    /// <param name="result">The head.</param>
    internal static bool TryBuild(ReadOnlySpan<byte> bag, ReadOnlySpan<byte> stamps, bool isRetained, out ReadOnlySpan<byte> result)
    {
        var writer = new EventWriter(head ??= new byte[HeadBytes]);
        var fits = writer.TryAddEncoded(stamps);
        var properties = new PropertyBag(bag);
        var buffer = decoded ??= new byte[PublishPacket.MaxTopicBytes];
        while (fits && properties.Read())
        {
            var keyLength = PercentDecoder.Decode(properties.Key, buffer);
            var valueLength = PercentDecoder.Decode(properties.Value, buffer.AsSpan(keyLength));
            fits = TryAdd(ref writer, buffer.AsSpan(0, keyLength), buffer.AsSpan(keyLength, valueLength), properties.HasValue);
        }

        if (isRetained)
        {
            fits = fits && writer.TryAddApplication("mqtt-retain"u8, "true"u8);
        }

        result = fits ? writer.Complete() : default;
        return fits;
    }

    private static bool TryAdd(ref EventWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
    {
        // What the hub stamps itself is not the device's to say.
        if (key.IsEmpty || TelemetryStamps.IsOwnName(key))
        {
            return true;
        }

        if (FieldOf(key) is { } field)
        {
            return value.IsEmpty || writer.TryAdd(field, value);
        }

        return hasValue ? writer.TryAddApplication(key, value) : writer.TryAddApplicationNull(key);
    }

    // Source: device-to-cloud system properties of the IoT Hub "Communicate with your IoT hub using MQTT" page and of the clients.
    private static EventField? FieldOf(ReadOnlySpan<byte> key)
    {
        if (!key.StartsWith("$."u8))
        {
            return key.SequenceEqual("iothub-operation"u8) ? EventField.Operation : null;
        }

        return key[2..] switch
        {
            [(byte)'m', (byte)'i', (byte)'d'] => EventField.MessageId,
            [(byte)'c', (byte)'i', (byte)'d'] => EventField.CorrelationId,
            [(byte)'u', (byte)'i', (byte)'d'] => EventField.UserId,
            [(byte)'t', (byte)'o'] => EventField.To,
            [(byte)'e', (byte)'x', (byte)'p'] => EventField.AbsoluteExpiryTime,
            [(byte)'c', (byte)'t'] => EventField.ContentType,
            [(byte)'c', (byte)'e'] => EventField.ContentEncoding,
            [(byte)'o', (byte)'n'] => EventField.OutputName,
            [(byte)'s', (byte)'u', (byte)'b'] => EventField.Subject,
            var name when name.SequenceEqual("ctime"u8) => EventField.CreationTimeUtc,
            var name when name.SequenceEqual("ifid"u8) => EventField.InterfaceId,
            var name when name.SequenceEqual("schema"u8) => EventField.MessageSchema,
            var name when name.SequenceEqual("diagid"u8) => EventField.DiagnosticId,
            var name when name.SequenceEqual("diagctx"u8) => EventField.DiagnosticContext,
            _ => null,
        };
    }
}
