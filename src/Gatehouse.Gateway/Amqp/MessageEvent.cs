using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Telemetry;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Turns an AMQP message into the head of an event record and finds its body. Allocates nothing.</summary>
/// <remarks>Source: device-plane §2.5 of the wire reference: which field becomes which property. Sections may come in any order.</remarks>
internal ref struct MessageEvent
{
    // Room for any scalar as text; longer ones are texts already, or binaries.
    private const int ScalarBytes = 64;

    private EventWriter writer;

    private MessageEvent(Span<byte> target) => writer = new EventWriter(target);

    /// <summary>Room that a head needs at most: no byte of a message makes more than three of a head (a one-byte value of a one-letter key: tag, two lengths, text).</summary>
    internal static int MaxHeadBytes(int sectionBytes, int stampBytes) => (3 * sectionBytes) + stampBytes + 64;

    /// <summary>Bytes of all sections but the body.</summary>
    internal static int CountSectionBytes(ReadOnlySpan<byte> message)
    {
        var sections = new MessageReader(message);
        var body = 0;
        while (sections.Read())
        {
            body += sections.Section is Descriptors.Data or Descriptors.AmqpValue or Descriptors.AmqpSequence ? sections.Value.Length : 0;
        }

        return message.Length - body;
    }

    /// <param name="message">Its sections.</param>
    /// <param name="stamps">The link's own fields, encoded.</param>
    /// <param name="target">Room for the head.</param>
    /// <param name="head">The head, in <paramref name="target"/>.</param>
    /// <param name="body">Where the body lies in <paramref name="message"/>.</param>
    internal static MessageFault TryBuild(ReadOnlySpan<byte> message, ReadOnlySpan<byte> stamps, Span<byte> target, out ReadOnlySpan<byte> head, out BodyPlace body)
    {
        head = default;
        body = default;
        var made = new MessageEvent(target);
        if (!made.writer.TryAddEncoded(stamps))
        {
            return MessageFault.TooLarge;
        }

        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var fault = sections.Section switch
            {
                Descriptors.Properties => made.AddProperties(sections.Value),
                Descriptors.ApplicationProperties => made.AddApplication(sections.Value),
                Descriptors.MessageAnnotations => made.AddAnnotations(sections.Value),
                Descriptors.Data => MessageBody.TryReadData(sections.Value, out var data) ? body.Add(sections.Position, data.Length) : MessageFault.Malformed,
                Descriptors.AmqpValue => MessageBody.TryReadValue(sections.Value, out var value) ? body.Add(sections.Position, value.Length) : MessageFault.BodyIsNotBytes,
                Descriptors.AmqpSequence => MessageFault.BodyIsNotBytes,
                _ => MessageFault.None,
            };
            if (fault != MessageFault.None)
            {
                return fault;
            }
        }

        if (sections.Fault != AmqpFault.None)
        {
            return MessageFault.Malformed;
        }

        head = made.writer.Complete();
        return MessageFault.None;
    }

    private MessageFault AddProperties(ReadOnlySpan<byte> value)
    {
        if (!PropertiesReader.TryRead(value, out var properties, out _))
        {
            return MessageFault.Malformed;
        }

        Span<byte> scratch = stackalloc byte[ScalarBytes];
        var fits = AddId(EventField.MessageId, properties.MessageId, scratch)
            && AddBytes(EventField.UserId, properties.UserId)
            && Add(EventField.To, properties.To)
            && AddId(EventField.CorrelationId, properties.CorrelationId, scratch)
            && Add(EventField.ContentType, properties.ContentType)
            && Add(EventField.ContentEncoding, properties.ContentEncoding)
            && (properties.AbsoluteExpiryTime is not { } expiry || AddTime(EventField.AbsoluteExpiryTime, expiry, scratch));
        return fits ? MessageFault.None : MessageFault.TooLarge;
    }

    private MessageFault AddApplication(ReadOnlySpan<byte> value)
    {
        var pairs = new MapReader(value);
        while (pairs.Read())
        {
            // What the hub stamps itself is not the device's to say; an acknowledgement is asked for messages to devices only.
            if (pairs.Key.IsEmpty || TelemetryStamps.IsOwnName(pairs.Key) || pairs.Key.SequenceEqual("iothub-ack"u8))
            {
                continue;
            }

            var fault = AddPair(in pairs, FieldOf(pairs.Key));
            if (fault != MessageFault.None)
            {
                return fault;
            }
        }

        return pairs.Fault == AmqpFault.None ? MessageFault.None : MessageFault.Malformed;
    }

    private MessageFault AddAnnotations(ReadOnlySpan<byte> value)
    {
        var pairs = new MapReader(value);
        while (pairs.Read())
        {
            if (AnnotationOf(pairs.Key) is not { } field)
            {
                continue;
            }

            var fault = AddPair(in pairs, field);
            if (fault != MessageFault.None)
            {
                return fault;
            }
        }

        return pairs.Fault == AmqpFault.None ? MessageFault.None : MessageFault.Malformed;
    }

    private MessageFault AddPair(scoped in MapReader pair, EventField? field)
    {
        if (pair.IsNull)
        {
            return field is not null || writer.TryAddApplicationNull(pair.Key) ? MessageFault.None : MessageFault.TooLarge;
        }

        if (pair.TryGetString(out var text))
        {
            return Add(field, pair.Key, text);
        }

        Span<byte> scratch = stackalloc byte[ScalarBytes];
        byte[]? rented = null;
        if (pair.MaxTextBytes > ScalarBytes)
        {
            scratch = rented = ArrayPool<byte>.Shared.Rent(pair.MaxTextBytes);
        }

        try
        {
            return pair.TryFormatValue(scratch, out var written, out _) ? Add(field, pair.Key, scratch[..written]) : MessageFault.PropertyIsNoText;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private MessageFault Add(EventField? field, ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> value) =>
        (field is { } known ? Add(known, value) : writer.TryAddApplication(key, value)) ? MessageFault.None : MessageFault.TooLarge;

    private bool Add(EventField field, scoped ReadOnlySpan<byte> value) => value.IsEmpty || writer.TryAdd(field, value);

    // An id that is longer than the scratch is a string or a binary.
    private bool AddId(EventField field, MessageId id, scoped Span<byte> scratch)
    {
        if (id.Kind == MessageIdKind.None)
        {
            return true;
        }

        if (id.MaxTextBytes <= scratch.Length)
        {
            return Add(field, scratch[..id.FormatTo(scratch)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(id.MaxTextBytes);
        var fits = Add(field, rented.AsSpan(0, id.FormatTo(rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return fits;
    }

    // A user id is UTF-8 with every client; other bytes must not break the readers of the text that an event's properties are.
    private bool AddBytes(EventField field, ReadOnlySpan<byte> value)
    {
        if (Utf8.IsValid(value))
        {
            return Add(field, value);
        }

        var rented = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(value.Length));
        _ = Base64.EncodeToUtf8(value, rented, out _, out var written);
        var fits = Add(field, rented.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(rented);
        return fits;
    }

    private bool AddTime(EventField field, long unixMilliseconds, scoped Span<byte> scratch)
    {
        var isDate = unixMilliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && unixMilliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        int written;
        _ = isDate
            ? DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).TryFormat(scratch, out written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : unixMilliseconds.TryFormat(scratch, out written, default, CultureInfo.InvariantCulture);
        return Add(field, scratch[..written]);
    }

    private static EventField? FieldOf(ReadOnlySpan<byte> key) => key switch
    {
        _ when !key.StartsWith("iothub-"u8) => null,
        _ when key.SequenceEqual("iothub-creation-time-utc"u8) => EventField.CreationTimeUtc,
        _ when key.SequenceEqual("iothub-message-schema"u8) => EventField.MessageSchema,
        _ when key.SequenceEqual("iothub-operation"u8) => EventField.Operation,
        _ when key.SequenceEqual("iothub-outputname"u8) => EventField.OutputName,
        _ => null,
    };

    private static EventField? AnnotationOf(ReadOnlySpan<byte> key) => key switch
    {
        _ when key.SequenceEqual("iothub-interface-id"u8) => EventField.InterfaceId,
        _ when key.SequenceEqual("dt-subject"u8) => EventField.Subject,
        _ when key.SequenceEqual("Diagnostic-Id"u8) => EventField.DiagnosticId,
        _ when key.SequenceEqual("Correlation-Context"u8) => EventField.DiagnosticContext,
        _ => null,
    };
}

/// <summary>Where a message's body lies: in one place, unless it has several data sections.</summary>
internal record struct BodyPlace
{
    internal int Start { get; private set; }

    internal int Length { get; private set; }

    internal int Sections { get; private set; }

    /// <summary>One more section, whose bytes end at <paramref name="end"/>.</summary>
    internal MessageFault Add(int end, int length)
    {
        Start = Sections == 0 ? end - length : Start;
        Length += length;
        Sections++;
        return MessageFault.None;
    }

    /// <summary>Adds a section of the body; others are passed over. False when its value is no bytes.</summary>
    internal bool TryAdd(scoped in MessageReader sections)
    {
        switch (sections.Section)
        {
            case Descriptors.Data:
                return MessageBody.TryReadData(sections.Value, out var data) && Add(sections.Position, data.Length) == MessageFault.None;
            case Descriptors.AmqpValue:
                return MessageBody.TryReadValue(sections.Value, out var value) && Add(sections.Position, value.Length) == MessageFault.None;
            default:
                return sections.Section != Descriptors.AmqpSequence;
        }
    }

    /// <summary>The bytes of the body.</summary>
    internal readonly byte[] Copy(ReadOnlySpan<byte> message)
    {
        var copy = new byte[Length];
        if (Sections == 1)
        {
            message.Slice(Start, Length).CopyTo(copy);
        }
        else
        {
            Join(message, copy);
        }

        return copy;
    }

    /// <summary>Puts the bytes of several data sections together; <paramref name="target"/> has room for <see cref="Length"/>.</summary>
    internal static void Join(ReadOnlySpan<byte> message, Span<byte> target)
    {
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            if (sections.Section == Descriptors.Data && MessageBody.TryReadData(sections.Value, out var data))
            {
                data.CopyTo(target);
                target = target[data.Length..];
            }
        }
    }
}
