using Gatehouse.Hub.Queries;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Queries;

/// <summary>A page with the headers that SDKs read.</summary>
/// <remarks>The C# SDK fails without <c>x-ms-item-type</c>; both SDKs take a <c>x-ms-continuation</c> that is there, even empty, for another page.</remarks>
internal sealed class PageAnswer(QueryPage page) : ApiResponse
{
    internal override Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = ApiJson.ContentType;
        http.Response.ContentLength = page.Json.Length;
        http.Response.Headers["x-ms-item-type"] = page.ItemType;
        if (page.Continuation is { } continuation)
        {
            http.Response.Headers["x-ms-continuation"] = continuation;
        }

        return http.Response.Body.WriteAsync(page.Json, http.RequestAborted).AsTask();
    }
}
