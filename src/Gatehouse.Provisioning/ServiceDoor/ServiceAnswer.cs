using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>What an operation answers: an error, nothing, or a body with its headers.</summary>
internal sealed class ServiceAnswer
{
    private readonly byte[]? body;
    private readonly string? etag;
    private readonly string? itemType;
    private readonly string? continuation;

    private ServiceAnswer(HubError? error, byte[]? body = null, string? etag = null, string? itemType = null, string? continuation = null)
    {
        Error = error;
        this.body = body;
        this.etag = etag;
        this.itemType = itemType;
        this.continuation = continuation;
    }

    internal HubError? Error { get; }

    /// <summary>204.</summary>
    internal static ServiceAnswer NoContent { get; } = new(null);

    /// <param name="value">Body.</param>
    /// <param name="typeInfo">Its type.</param>
    /// <param name="etag">With its quotes; null for no header.</param>
    internal static ServiceAnswer Json<T>(T value, JsonTypeInfo<T> typeInfo, string? etag = null) => new(null, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo), etag);

    /// <summary>A page. Clients look for these headers in lower case and fail without the item type.</summary>
    /// <param name="items">What is on it.</param>
    /// <param name="typeInfo">Its type.</param>
    /// <param name="itemType"><c>enrollment</c>, <c>enrollmentGroup</c> or <c>deviceRegistration</c>.</param>
    /// <param name="last">Id of the last item; null when nothing follows.</param>
    internal static ServiceAnswer Page<T>(IReadOnlyList<T> items, JsonTypeInfo<IReadOnlyList<T>> typeInfo, string itemType, string? last) =>
        new(null, JsonSerializer.SerializeToUtf8Bytes(items, typeInfo), null, itemType, last is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(last)));

    public static implicit operator ServiceAnswer(HubError error) => new(error);

    internal Task WriteAsync(HttpContext http)
    {
        if (body is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        var headers = http.Response.Headers;
        http.Response.ContentType = ProvisioningJson.ContentType;
        http.Response.ContentLength = body.Length;
        Set(headers, "ETag", etag);
        Set(headers, "x-ms-item-type", itemType);
        Set(headers, "x-ms-continuation", continuation);
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private static void Set(IHeaderDictionary headers, string name, string? value)
    {
        if (value is not null)
        {
            headers[name] = value;
        }
    }
}
