using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Streams.Log;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>Encodes a stored record as the message that Event Hubs readers get, straight from its bytes. Pure.</summary>
/// <remarks>Source: the table of service-plane §7.4 of the wire reference.</remarks>
internal static class EventMessage
{
    /// <param name="buffer">The message is appended.</param>
    /// <param name="stored">The event.</param>
    /// <param name="deliveryAnnotations">An encoded section, or nothing.</param>
    internal static void Write(AmqpBuffer buffer, in StoredEvent stored, ReadOnlySpan<byte> deliveryAnnotations)
    {
        var record = new EventReader(stored.Record.Span);
        var fields = EventFields.Read(record, out var applicationCount);
        var writer = new AmqpWriter(buffer);
        writer.Raw(deliveryAnnotations);
        WriteAnnotations(writer, stored, fields);
        WriteProperties(writer, fields);
        ApplicationProperties.Write(writer, record, applicationCount);
        writer.Descriptor(Descriptors.Data);
        writer.Binary(record.Body);
    }

    private static void WriteAnnotations(AmqpWriter writer, in StoredEvent stored, in EventFields fields)
    {
        Span<byte> offset = stackalloc byte[20];
        stored.SequenceNumber.TryFormat(offset, out var offsetLength, provider: CultureInfo.InvariantCulture);
        var enqueued = stored.EnqueuedTime.ToUnixTimeMilliseconds();

        writer.Descriptor(Descriptors.MessageAnnotations);
        var map = writer.BeginMap();
        writer.Symbol("x-opt-sequence-number"u8);
        writer.Long(stored.SequenceNumber);
        writer.Symbol("x-opt-offset"u8);
        writer.String(offset[..offsetLength]);
        writer.Symbol("x-opt-enqueued-time"u8);
        writer.Timestamp(enqueued);
        writer.Symbol("iothub-enqueuedtime"u8);
        writer.Timestamp(Utf8Parser.TryParse(fields.EnqueuedTime, out long taken, out _) ? taken : enqueued);
        var count = 4
            + Annotation(writer, "x-opt-partition-key"u8, fields.ConnectionDeviceId)
            + Annotation(writer, "iothub-connection-device-id"u8, fields.ConnectionDeviceId)
            + Annotation(writer, "iothub-connection-module-id"u8, fields.ConnectionModuleId)
            + Annotation(writer, "iothub-connection-auth-method"u8, fields.ConnectionAuthMethod)
            + Annotation(writer, "iothub-connection-auth-generation-id"u8, fields.ConnectionAuthGenerationId)
            + Annotation(writer, "iothub-message-source"u8, fields.MessageSource)
            + Annotation(writer, "iothub-creation-time-utc"u8, fields.CreationTimeUtc)
            + Annotation(writer, "iothub-interface-id"u8, fields.InterfaceId)
            + Annotation(writer, "iothub-outputname"u8, fields.OutputName)
            + Annotation(writer, "dt-subject"u8, fields.Subject)
            + Annotation(writer, "dt-dataschema"u8, fields.ModelId)
            + Annotation(writer, "Diagnostic-Id"u8, fields.DiagnosticId)
            + Annotation(writer, "Correlation-Context"u8, fields.DiagnosticContext);
        writer.EndMap(map, 2 * count);
    }

    private static int Annotation(AmqpWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return 0;
        }

        writer.Symbol(key);
        AmqpText.String(writer, value);
        return 1;
    }

    private static void WriteProperties(AmqpWriter writer, in EventFields fields)
    {
        var count = !fields.AbsoluteExpiryTime.IsEmpty ? 9
            : !fields.ContentEncoding.IsEmpty ? 8
            : !fields.ContentType.IsEmpty ? 7
            : !fields.CorrelationId.IsEmpty ? 6
            : !fields.To.IsEmpty ? 3
            : !fields.UserId.IsEmpty ? 2
            : !fields.MessageId.IsEmpty ? 1
            : 0;
        if (count == 0)
        {
            return;
        }

        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        for (var field = 0; field < count; field++)
        {
            WriteProperty(writer, field, fields);
        }

        writer.EndList(list, count);
    }

    // Numbers are places in the list. Source: AMQP 1.0 §3.2.4. Places 3 and 4 (subject, reply-to) have no counterpart.
    private static void WriteProperty(AmqpWriter writer, int field, in EventFields fields)
    {
        switch (field)
        {
            case 0 when !fields.MessageId.IsEmpty:
                AmqpText.String(writer, fields.MessageId);
                break;
            case 1 when !fields.UserId.IsEmpty:
                writer.Binary(fields.UserId);
                break;
            case 2 when !fields.To.IsEmpty:
                AmqpText.String(writer, fields.To);
                break;
            case 5 when !fields.CorrelationId.IsEmpty:
                AmqpText.String(writer, fields.CorrelationId);
                break;
            case 6 when !fields.ContentType.IsEmpty:
                AmqpText.Symbol(writer, fields.ContentType);
                break;
            case 7 when !fields.ContentEncoding.IsEmpty:
                AmqpText.Symbol(writer, fields.ContentEncoding);
                break;
            case 8 when TryReadTime(fields.AbsoluteExpiryTime, out var time):
                writer.Timestamp(time.ToUnixTimeMilliseconds());
                break;
            default:
                writer.Null();
                break;
        }
    }

    // Devices write any ISO form; what is no time is left out, for the field can hold nothing else.
    private static bool TryReadTime(ReadOnlySpan<byte> text, out DateTimeOffset time) =>
        (Utf8Parser.TryParse(text, out time, out var consumed, 'O') && consumed == text.Length)
        || (text.Length <= 40 && DateTimeOffset.TryParse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time));
}
