using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gatehouse.Hub.Events;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary>Writes events as lines of JSON (docs/operator-api.md).</summary>
/// <remarks>Text is escaped down to ASCII: what devices send must not reach a terminal as control characters, nor end a line.</remarks>
internal sealed class EventLine : IDisposable
{
    // Readers of a line must not need more than the usual 64 levels.
    private const int MaxBodyDepth = 32;

    private readonly ArrayBufferWriter<byte> scratch = new();
    private readonly Utf8JsonWriter body;

    internal EventLine() => body = new Utf8JsonWriter(scratch);

    internal void Write(Utf8JsonWriter json, HubEvent each, bool bodyAsBase64)
    {
        json.WriteStartObject();
        json.WriteNumber("partition", each.Partition);
        json.WriteNumber("sequenceNumber", each.SequenceNumber);
        json.WriteString("offset", Number(each.SequenceNumber));
        json.WriteString("enqueuedTime", each.EnqueuedTime.UtcDateTime);
        WriteTexts(json, "properties", each.Properties);
        WriteAnnotations(json, each);
        WriteTexts(json, "applicationProperties", each.ApplicationProperties!);
        WriteBody(json, each, bodyAsBase64);
        json.WriteEndObject();
        json.Flush();
    }

    public void Dispose() => body.Dispose();

    private static void WriteAnnotations(Utf8JsonWriter json, HubEvent each)
    {
        json.WriteStartObject("annotations");
        foreach (var (name, value) in each.Annotations)
        {
            json.WriteString(name, value);
        }

        json.WriteString("iothub-enqueuedtime", each.EnqueuedTime.UtcDateTime);
        json.WriteNumber("x-opt-sequence-number", each.SequenceNumber);
        json.WriteString("x-opt-offset", Number(each.SequenceNumber));
        json.WriteString("x-opt-enqueued-time", each.EnqueuedTime.UtcDateTime);
        if (each.DeviceId is { } device)
        {
            json.WriteString("x-opt-partition-key", device);
        }

        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string>> texts)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in texts)
        {
            // A null value is a property without one.
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private void WriteBody(Utf8JsonWriter json, HubEvent each, bool asBase64)
    {
        if (asBase64 || !Utf8.IsValid(each.Body.Span))
        {
            json.WriteBase64String("bodyBase64", each.Body.Span);
        }
        else if (IsJson(each) && TryNormalize(each.Body))
        {
            json.WritePropertyName("body");
            json.WriteRawValue(scratch.WrittenSpan, skipInputValidation: true);
        }
        else
        {
            json.WriteString("bodyText", each.Body.Span);
        }
    }

    private static bool IsJson(HubEvent each)
    {
        var type = each.ContentType ?? "";
        var end = type.IndexOf(';', StringComparison.Ordinal);
        var media = (end < 0 ? type : type[..end]).Trim();
        var isJson = media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
        return isJson && (string.IsNullOrEmpty(each.ContentEncoding) || each.ContentEncoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Puts the body on one line of ASCII; false when it is not JSON, too deep, or holds escapes that are no text (a lone surrogate).</summary>
    private bool TryNormalize(ReadOnlyMemory<byte> text)
    {
        scratch.ResetWrittenCount();
        body.Reset();
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxBodyDepth });
            document.WriteTo(body);
            body.Flush();
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static string Number(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
