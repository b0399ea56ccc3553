using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Answers with a catalogue error.</summary>
internal static class ErrorBody
{
    internal static Task WriteAsync(HttpContext http, HubError error, string trackingId)
    {
        var body = ErrorDocument.Encode(error, trackingId);
        http.Response.StatusCode = error.HttpStatus;
        http.Response.Headers[ErrorDocument.CodeHeader] = error.Name;
        http.Response.ContentType = ErrorDocument.ContentType;
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
