using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Fuzz;

/// <summary>Requests whose body is an input. All of it is there at once, so nothing waits.</summary>
internal static class HttpBody
{
    internal static HttpRequest Of(ReadOnlySpan<byte> body, string contentType = "application/json") =>
        new DefaultHttpContext { Request = { Body = new MemoryStream(body.ToArray()), ContentLength = body.Length, ContentType = contentType } }.Request;

    internal static Result<T> Wait<T>(ValueTask<Result<T>> read) => read.AsTask().GetAwaiter().GetResult();
}
