using System.Buffers;
using System.Text.Json;
using Gatehouse.Hub.Methods;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary><c>{"status":n,"payload":…}</c>: the device's own failure is a 200 too.</summary>
internal sealed class MethodResponse(MethodAnswer answer) : ApiResponse
{
    internal override Task WriteAsync(HttpContext http)
    {
        var buffer = new ArrayBufferWriter<byte>(answer.Payload.Length + 64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("status", answer.Status);
            json.WritePropertyName("payload");
            json.WriteRawValue(answer.Payload.Span, skipInputValidation: true); // checked when it came
            json.WriteEndObject();
        }

        http.Response.ContentType = ApiJson.ContentType;
        http.Response.ContentLength = buffer.WrittenCount;
        return http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }
}
