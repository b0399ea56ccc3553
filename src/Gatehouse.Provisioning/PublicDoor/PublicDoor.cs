using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.PublicDoor;

/// <summary>
/// Over plain HTTP, for everybody: <c>GET /{id scope}/{policy}.crl</c> and <c>.cer</c>, and OCSP at <c>{policy}.ocsp</c>, signed or public as they are.
/// Nothing else is there, no body but a question of OCSP is read, and each connection has one answer.
/// </summary>
internal sealed class PublicDoor(ProvisioningDirectory directory, PublishedLists lists, StatusDoor statuses, ILogger<PublicDoor> log)
{
    // An id scope and the name of a policy with room to spare; and a question in base64.
    private const int MaxPathCharacters = 256;
    private const int MaxQuestionCharacters = 2_048;

    internal async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await AnswerAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Who asked has left.
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            log.PublicationFailed(error);
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (ReadQuestion(http.Request.Path.Value) is { } question && directory.FindByScope(question.Scope) is { } asking)
        {
            await statuses.InvokeAsync(http, asking.Name, question.Policy, question.Encoded);
            return;
        }

        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (Read(http.Request.Path.Value) is not { } asked || directory.FindByScope(asked.Scope) is not { } instance)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var found = await lists.FindAsync(instance.Name, asked.Policy, http.RequestAborted);
        if (!found.IsOk)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if ((asked.IsList ? found.Value?.List : found.Value?.Certificate) is not { } content)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // RFC 2585 §4. A cache holds a list no longer than it may be late here.
        http.Response.ContentType = asked.IsList ? "application/pkix-crl" : "application/pkix-cert";
        http.Response.Headers.CacheControl = $"max-age={(int)PublishedLists.Freshness.TotalSeconds}";
        http.Response.ContentLength = content.Length;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(content, http.RequestAborted);
        }
    }

    private static (string Scope, string Policy, bool IsList)? Read(string? path)
    {
        if (path is not ['/', ..] || path.Length > MaxPathCharacters || path[1..].Split('/') is not [{ Length: > 0 } scope, { Length: > 4 } file])
        {
            return null;
        }

        var isList = file.EndsWith(".crl", StringComparison.Ordinal);
        return (isList || file.EndsWith(".cer", StringComparison.Ordinal)) && Enrollments.EnrollmentKey.IsValid(file[..^4]) ? (scope, file[..^4], isList) : null;
    }

    // Base64 may have slashes of its own.
    private static (string Scope, string Policy, string Encoded)? ReadQuestion(string? path)
    {
        if (path is not ['/', ..] || path.Length > MaxPathCharacters + MaxQuestionCharacters || path[1..].Split('/', 3) is not [{ Length: > 0 } scope, var file, .. var rest] || !file.EndsWith(StatusDoor.Ending, StringComparison.Ordinal))
        {
            return null;
        }

        var policy = file[..^StatusDoor.Ending.Length];
        return Enrollments.EnrollmentKey.IsValid(policy) ? (scope, policy, rest is [var encoded] ? encoded : "") : null;
    }
}
