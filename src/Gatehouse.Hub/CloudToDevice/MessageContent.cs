using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A message as it is stored: an event record of its properties and its body. Pure.</summary>
internal static class MessageContent
{
    private const int FieldOverhead = 12;

    /// <summary>Bytes that count against the limit: body, system property values, application property names and values.</summary>
    internal static long SizeOf(CloudMessage message)
    {
        long size = message.Body.Length;
        foreach (var (_, value) in SystemProperties(message))
        {
            size += CountBytes(value);
        }

        foreach (var (name, value) in message.Properties)
        {
            size += CountBytes(name) + CountBytes(value);
        }

        return size;
    }

    internal static byte[] Encode(CloudMessage message)
    {
        var overhead = FieldOverhead * (message.Properties.Count + 16);
        var buffer = new byte[SizeOf(message) + overhead];
        var writer = new EventWriter(buffer);
        foreach (var (field, value) in SystemProperties(message))
        {
            if (!string.IsNullOrEmpty(value))
            {
                writer.TryAdd(field, Encoding.UTF8.GetBytes(value));
            }
        }

        foreach (var (name, value) in message.Properties)
        {
            if (value is null)
            {
                writer.TryAddApplicationNull(Encoding.UTF8.GetBytes(name));
            }
            else
            {
                writer.TryAddApplication(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
            }
        }

        var head = writer.Complete().Length;
        message.Body.Span.CopyTo(buffer.AsSpan(head));
        return buffer[..(head + message.Body.Length)];
    }

    internal static CloudMessage Decode(byte[] content, Acknowledgement acknowledgement)
    {
        var reader = new EventReader(content);
        var properties = new List<KeyValuePair<string, string?>>();
        var message = new CloudMessage
        {
            Acknowledgement = acknowledgement,
            Properties = properties,
            Body = content.AsMemory(content.Length - reader.Body.Length),
        };
        while (reader.Read())
        {
            switch (reader.Field)
            {
                case EventField.Application:
                    properties.Add(new(reader.KeyText, reader.ValueText));
                    break;
                case EventField.ApplicationNull:
                    properties.Add(new(reader.KeyText, null));
                    break;
                default:
                    message = With(message, reader.Field, reader.ValueText);
                    break;
            }
        }

        return message;
    }

    private static CloudMessage With(CloudMessage message, EventField field, string value) => field switch
    {
        EventField.MessageId => message with { MessageId = value },
        EventField.CorrelationId => message with { CorrelationId = value },
        EventField.UserId => message with { UserId = value },
        EventField.ContentType => message with { ContentType = value },
        EventField.ContentEncoding => message with { ContentEncoding = value },
        EventField.CreationTimeUtc => message with { CreationTimeUtc = value },
        EventField.MessageSchema => message with { MessageSchema = value },
        EventField.Operation => message with { Operation = value },
        EventField.AbsoluteExpiryTime => message with { ExpiresAt = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture) },
        _ => message,
    };

    private static (EventField Field, string? Value)[] SystemProperties(CloudMessage message) =>
    [
        (EventField.MessageId, message.MessageId),
        (EventField.CorrelationId, message.CorrelationId),
        (EventField.UserId, message.UserId),
        (EventField.ContentType, message.ContentType),
        (EventField.ContentEncoding, message.ContentEncoding),
        (EventField.CreationTimeUtc, message.CreationTimeUtc),
        (EventField.MessageSchema, message.MessageSchema),
        (EventField.Operation, message.Operation),
        (EventField.AbsoluteExpiryTime, message.ExpiresAt?.ToString("o", CultureInfo.InvariantCulture)),
    ];

    private static int CountBytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
