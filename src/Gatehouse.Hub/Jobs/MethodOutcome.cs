using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Hub.Methods;

namespace Gatehouse.Hub.Jobs;

/// <summary>What a device answered to a job's method: <c>{"deviceMethodResponse":{"status":200,"payload":…}}</c>.</summary>
internal static class MethodOutcome
{
    internal static string Write(MethodAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(answer.Payload.Length + 64);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("deviceMethodResponse");
            writer.WriteNumber("status", answer.Status);
            writer.WritePropertyName("payload");
            writer.WriteRawValue(answer.Payload.Span, skipInputValidation: true); // checked when it came
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
