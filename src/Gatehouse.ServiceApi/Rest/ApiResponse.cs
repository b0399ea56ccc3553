using System.Text.Json.Serialization.Metadata;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>What an operation answers.</summary>
internal abstract class ApiResponse
{
    /// <summary>204 without a body.</summary>
    internal static ApiResponse NoContent { get; } = new EmptyAnswer();

    /// <summary>The operation wrote its answer itself (streams).</summary>
    internal static ApiResponse Sent { get; } = new SentAnswer();

    /// <summary>Null unless the answer is an error.</summary>
    internal virtual HubError? Error => null;

    /// <param name="value">Body.</param>
    /// <param name="typeInfo">From a source-generated context made with <see cref="ApiJson.NewOptions"/>.</param>
    /// <param name="etag">Without quotes; the header gets them. Null for no header.</param>
    /// <param name="status">HTTP status.</param>
    internal static ApiResponse Json<T>(T value, JsonTypeInfo<T> typeInfo, string? etag = null, int status = StatusCodes.Status200OK) =>
        new JsonAnswer<T>(value, typeInfo, etag, status);

    /// <param name="json">Body, UTF-8.</param>
    /// <param name="etag">Without quotes; the header gets them. Null for no header.</param>
    /// <param name="status">HTTP status.</param>
    internal static ApiResponse Raw(ReadOnlyMemory<byte> json, string? etag = null, int status = StatusCodes.Status200OK) => new RawAnswer(json, etag, status);

    /// <param name="body">As it is.</param>
    /// <param name="contentType">Its type.</param>
    /// <param name="caching">Cache-Control.</param>
    internal static ApiResponse Bytes(ReadOnlyMemory<byte> body, string contentType, string caching) => new BytesAnswer(body, contentType, caching);

    internal static ApiResponse Failed(HubError error) => new FailedAnswer(error);

    internal abstract Task WriteAsync(HttpContext http);

    public static implicit operator ApiResponse(HubError error) => Failed(error);

    private static Task SendAsync(HttpContext http, ReadOnlyMemory<byte> body, string? etag, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = ApiJson.ContentType;
        http.Response.ContentLength = body.Length;
        if (etag is not null)
        {
            http.Response.Headers.ETag = $"\"{etag}\"";
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private sealed class EmptyAnswer : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
    }

    private sealed class SentAnswer : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http) => Task.CompletedTask;
    }

    private sealed class FailedAnswer(HubError error) : ApiResponse
    {
        internal override HubError Error => error;

        internal override Task WriteAsync(HttpContext http) => ErrorBody.WriteAsync(http, error, TrackingId.New(DateTimeOffset.UtcNow));
    }

    private sealed class RawAnswer(ReadOnlyMemory<byte> json, string? etag, int status) : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http) => SendAsync(http, json, etag, status);
    }

    private sealed class BytesAnswer(ReadOnlyMemory<byte> body, string contentType, string caching) : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http)
        {
            http.Response.ContentType = contentType;
            http.Response.ContentLength = body.Length;
            http.Response.Headers.CacheControl = caching;
            return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
        }
    }

    private sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> typeInfo, string? etag, int status) : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http) => SendAsync(http, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo), etag, status);
    }
}
