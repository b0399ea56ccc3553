using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.PublicDoor;

/// <summary>
/// Over plain HTTP, for everybody: <c>GET /{id scope}/{policy}.crl</c> and <c>.cer</c>, and OCSP at <c>{policy}.ocsp</c>, signed or public as they are;
/// the same of one CA and no other at <c>/{id scope}/{mark of its key}/{policy}.crl</c> …, as the certificates have it that it issued.
/// Nothing else is there, no body but a question of OCSP is read, and each connection has one answer.
/// </summary>
internal sealed class PublicDoor(ProvisioningDirectory directory, PublishedLists lists, StatusDoor statuses, ILogger<PublicDoor> log)
{
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
        var place = PublicPath.Read(http.Request.Path.Value);
        var instance = place is null ? null : directory.FindByScope(place.Scope);
        if (place is { Kind: PublicKind.Status } && instance is not null)
        {
            await statuses.InvokeAsync(http, instance.Name, place.Policy, place.Authority, place.Question);
            return;
        }

        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (place is null || instance is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await PublishAsync(http, instance.Name, place);
    }

    private async Task PublishAsync(HttpContext http, HubName service, PublicPath place)
    {
        var isList = place.Kind == PublicKind.List;
        var found = await lists.FindAsync(service, place.Policy, http.RequestAborted);
        if (!found.IsOk)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if ((isList ? found.Value?.ListOf(place.Authority) : found.Value?.CertificateOf(place.Authority)) is not { } content)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // RFC 2585 §4. A cache holds a list no longer than it may be late here.
        http.Response.ContentType = isList ? "application/pkix-crl" : "application/pkix-cert";
        http.Response.Headers.CacheControl = $"max-age={(int)PublishedLists.Freshness.TotalSeconds}";
        http.Response.ContentLength = content.Length;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(content, http.RequestAborted);
        }
    }
}
