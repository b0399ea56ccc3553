using System.Globalization;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>Answers with an error of the catalogue, at either door.</summary>
internal static class ErrorAnswer
{
    internal static Task WriteAsync(HttpContext http, HubError error, string trackingId, DateTimeOffset now, TimeSpan retryAfter)
    {
        var body = Encode(error, trackingId, now);
        http.Response.StatusCode = error.HttpStatus;
        http.Response.ContentType = ProvisioningJson.ContentType;
        http.Response.ContentLength = body.Length;
        http.Response.Headers["x-ms-error-code"] = error.Code.ToString(CultureInfo.InvariantCulture);
        if (error.IsTransient)
        {
            http.Response.Headers.RetryAfter = SecondsOf(error, retryAfter).ToString(CultureInfo.InvariantCulture);
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    internal static byte[] Encode(HubError error, string trackingId, DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(new ErrorDocument(error.Code, trackingId, error.Message, WireTime.Of(now)), ProvisioningJson.Own.ErrorDocument);

    /// <summary>What the error says of its own end, else what is usual.</summary>
    internal static int SecondsOf(HubError error, TimeSpan usual) => error.RetryAfterSeconds ?? (int)Math.Ceiling(usual.TotalSeconds);

    internal static string Seconds(TimeSpan time) => ((int)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
