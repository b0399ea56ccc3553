using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Encodes catalogue errors: <c>{"Message":"ErrorCode:{Name};{text}","ExceptionMessage":"Tracking ID:…"}</c> and the header <c>iothub-errorcode</c>.</summary>
/// <remarks>The Node SDK takes the code from Message, the C# SDK wants header and body to name the same code.</remarks>
internal static class ErrorBody
{
    internal static Task WriteAsync(HttpContext http, HubError error, string trackingId)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("Message", $"ErrorCode:{error.Name};{error.Message}");
            json.WriteString("ExceptionMessage", $"Tracking ID:{trackingId}");
            json.WriteEndObject();
        }

        http.Response.StatusCode = error.HttpStatus;
        http.Response.Headers["iothub-errorcode"] = error.Name;
        http.Response.ContentType = ApiJson.ContentType;
        http.Response.ContentLength = buffer.WrittenCount;
        return http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }
}
