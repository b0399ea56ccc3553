using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Sinks;

/// <summary>An event as JSON, in the form that the service's storage endpoints have.</summary>
/// <remarks>Source: IoT Hub "IoT Hub endpoints" page, storage.</remarks>
internal static class EventJson
{
    private const int MaxDepth = 64;
    private const long PerEvent = 512;

    /// <summary>Writes one object: EnqueuedTimeUtc, Properties, SystemProperties, Body (JSON where the event says that it is, else base64).</summary>
    internal static void Write(Utf8JsonWriter writer, SinkEvent each)
    {
        writer.WriteStartObject();
        writer.WriteString("EnqueuedTimeUtc"u8, TimeText(each.EnqueuedTime));
        writer.WriteStartObject("Properties"u8);
        foreach (var (name, value) in Properties(each.Record.Span))
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("SystemProperties"u8);
        foreach (var (name, value) in SystemProperties(each))
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        WriteBody(writer, each.Record.Span);
        writer.WriteEndObject();
    }

    /// <summary>About as many bytes as the events take when they are written, so that a buffer need not grow.</summary>
    internal static int EstimateOf(IReadOnlyList<SinkEvent> events) => (int)Math.Min(Array.MaxLength / 2, events.Sum(each => each.Record.Length + PerEvent));

    internal static string TimeText(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    /// <summary>The application properties; a name that occurs twice has its last value.</summary>
    internal static Dictionary<string, string?> Properties(ReadOnlySpan<byte> record)
    {
        var properties = new Dictionary<string, string?>(StringComparer.Ordinal);
        var reader = new EventReader(record);
        while (reader.Read())
        {
            var name = reader.Field switch
            {
                EventField.Application or EventField.ApplicationNull => reader.KeyText,
                EventField.MessageSchema => "iothub-message-schema",
                EventField.Operation => "iothub-operation",
                EventField.MessageType => "iothub-MessageType",
                _ => null,
            };
            if (name is not null)
            {
                properties[name] = reader.Field == EventField.ApplicationNull ? null : reader.ValueText;
            }
        }

        return properties;
    }

    internal static Dictionary<string, string> SystemProperties(SinkEvent each)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new EventReader(each.Record.Span);
        while (reader.Read())
        {
            if (NameOf(reader.Field) is { } name)
            {
                properties[name] = reader.ValueText;
            }
        }

        properties["enqueuedTime"] = TimeText(each.EnqueuedTime);
        return properties;
    }

    private static string? NameOf(EventField field) => field switch
    {
        EventField.ConnectionDeviceId => "connectionDeviceId",
        EventField.ConnectionModuleId => "connectionModuleId",
        EventField.ConnectionAuthMethod => "connectionAuthMethod",
        EventField.ConnectionAuthGenerationId => "connectionDeviceGenerationId",
        EventField.ContentType => "contentType",
        EventField.ContentEncoding => "contentEncoding",
        EventField.MessageId => "messageId",
        EventField.UserId => "userId",
        EventField.CorrelationId => "correlationId",
        EventField.MessageSource => "iothub-message-source",
        EventField.ModelId => "dt-dataschema",
        EventField.Subject => "dt-subject",
        _ => null,
    };

    private static void WriteBody(Utf8JsonWriter writer, ReadOnlySpan<byte> record)
    {
        var reader = new EventReader(record);
        var body = reader.Body;
        var (isJson, isUtf8) = (false, false);
        while (reader.Read())
        {
            isJson = reader.Field == EventField.ContentType ? reader.ValueText.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) : isJson;
            isUtf8 = reader.Field == EventField.ContentEncoding ? Ascii.EqualsIgnoreCase(reader.Value, "utf-8"u8) : isUtf8;
        }

        writer.WritePropertyName("Body"u8);
        if (isJson && isUtf8 && IsJson(body))
        {
            writer.WriteRawValue(body, skipInputValidation: true);
        }
        else
        {
            writer.WriteBase64StringValue(body);
        }
    }

    /// <summary>One JSON value, not too deep, without line breaks outside of it: a device's body must not break a line of JSON lines.</summary>
    private static bool IsJson(ReadOnlySpan<byte> body)
    {
        if (body.ContainsAny((byte)'\n', (byte)'\r'))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
                // To the end.
            }

            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
