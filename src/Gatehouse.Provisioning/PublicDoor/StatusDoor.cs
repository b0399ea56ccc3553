using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.CertificateStatus;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Provisioning.PublicDoor;

/// <summary>OCSP over plain HTTP: the question in the path (GET) or as the body (POST). Source: RFC 6960 appendix A, RFC 5019 §5 and §6.</summary>
internal sealed class StatusDoor(CertificateStatuses statuses, TimeProvider time)
{
    internal const string Ending = ".ocsp";

    private const string RequestType = "application/ocsp-request";

    // A question has some hundred bytes and mostly comes in one piece.
    private static readonly TimeSpan BodyTime = TimeSpan.FromSeconds(10);

    /// <param name="http">Its path was read.</param>
    /// <param name="service">Whose policy.</param>
    /// <param name="policy">Name.</param>
    /// <param name="authority">Mark of the CA that it must have; null for whichever it has.</param>
    /// <param name="encoded">What follows the name in the path.</param>
    internal async Task InvokeAsync(HttpContext http, HubName service, string policy, string? authority, string encoded)
    {
        var isPost = HttpMethods.IsPost(http.Request.Method);
        if (!isPost && !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, POST";
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (isPost && !string.Equals(http.Request.ContentType?.Split(';')[0].Trim(), RequestType, StringComparison.OrdinalIgnoreCase))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var question = isPost ? await ReadAsync(http) : Decode(encoded);
        if (question is null)
        {
            http.Response.StatusCode = isPost ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            return;
        }

        if (await statuses.AnswerAsync(service, policy, authority, question.Value, http.Connection.RemoteIpAddress, http.RequestAborted) is not { } answer)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        Describe(http.Response, answer, isPost);
        await http.Response.Body.WriteAsync(answer.Der, http.RequestAborted);
    }

    // A cache must not hold an answer for as long as it may be relied on: a revocation is to be known before.
    private void Describe(HttpResponse response, OcspAnswer answer, bool isPost)
    {
        response.ContentType = "application/ocsp-response";
        response.ContentLength = answer.Der.Length;
        if (isPost || !answer.MayBeKept || answer is not { ThisUpdate: { } from, NextUpdate: { } to })
        {
            response.Headers.CacheControl = "no-store";
            return;
        }

        var (now, left) = (time.GetUtcNow(), to - time.GetUtcNow());
        var age = left < CertificateStatuses.Freshness ? left : CertificateStatuses.Freshness;
        response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"max-age={Math.Max(0, (int)age.TotalSeconds)}, public, no-transform, must-revalidate");
        response.Headers.LastModified = from.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.Expires = (now + age).ToString("R", CultureInfo.InvariantCulture);
        response.Headers.ETag = $"\"{Convert.ToHexString(SHA256.HashData(answer.Der).AsSpan(0, 20))}\"";
    }

    /// <summary>Null for a body that is too large or too slow.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = OcspRequest.MaxBytes;
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        late.CancelAfter(BodyTime);
        var body = new byte[OcspRequest.MaxBytes + 1];
        try
        {
            var read = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, late.Token);
            return read > OcspRequest.MaxBytes ? default(ReadOnlyMemory<byte>?) : body.AsMemory(0, read);
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    // Slashes of base64 come as they are, or escaped, which the server leaves so in a path.
    private static ReadOnlyMemory<byte>? Decode(string encoded)
    {
        var text = encoded.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var der = new byte[(text.Length * 3 / 4) + 3];
        return text.Length > 0 && Convert.TryFromBase64String(text, der, out var length) ? der.AsMemory(0, length) : default(ReadOnlyMemory<byte>?);
    }
}
