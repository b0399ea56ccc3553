using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary>A method that nobody took or nobody answered, in the shape that the service has for these alone: JSON as text within <c>Message</c>, with the time-out that ran out.</summary>
/// <remarks>Observed: bodies quoted in Azure/iotedge#98 and azure-iot-cli-extension#54.</remarks>
internal sealed class MethodTimedOut(HubError error, TimeSpan timeout, TimeProvider time) : ApiResponse
{
    internal override Task WriteAsync(HttpContext http)
    {
        var inner = Write(json =>
        {
            json.WriteNumber("errorCode", error.Code);
            json.WriteString("trackingId", TrackingId.New(time.GetUtcNow()));
            json.WriteString("message", error.Message);
            json.WriteStartObject("info");
            json.WriteString("timeout", timeout.ToString("c", CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteString("timestampUtc", time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        });
        var body = Write(json =>
        {
            json.WriteString("Message", Encoding.UTF8.GetString(inner.Span));
            json.WriteString("ExceptionMessage", "");
        });
        http.Response.StatusCode = error.HttpStatus;
        http.Response.Headers["iothub-errorcode"] = error.Name;
        http.Response.ContentType = ApiJson.ContentType;
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Encoder });
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
