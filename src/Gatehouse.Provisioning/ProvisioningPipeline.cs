using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.DeviceDoor;
using Gatehouse.Provisioning.DeviceDoor.Est;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning;

/// <summary>The way of every HTTPS request to a provisioning service: which door, its work, the answer. What belongs to neither door goes on to the next middleware.</summary>
internal sealed class ProvisioningPipeline(DeviceApi devices, EstApi est, ServiceApi back, ProvisioningOptions options, ProvisioningMetrics metrics, TimeProvider time, ILogger<ProvisioningPipeline> log)
{
    internal async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!RequestTarget.TryParse(http.Features.Get<IHttpRequestFeature>()!.RawTarget, out var target) || !(RegistrationTarget.Owns(target.Segments) || EstTarget.Owns(target.Segments) || ServiceApi.Owns(target.Segments)))
        {
            await next(http);
            return;
        }

        var started = time.GetTimestamp();
        var isEst = EstTarget.Owns(target.Segments);
        var work = isEst ? ForEst(http, target) : RegistrationTarget.Owns(target.Segments) ? ForDevice(http, target) : ForService(http, target);
        SetHeaders(http);
        try
        {
            if (await work.RunAsync() is { } error)
            {
                var trackingId = Guid.NewGuid().ToString();
                log.RequestRefused(error.Name, trackingId);
                await (isEst ? EstMessage.WriteAsync(http, error, options.RetryAfter) : ErrorAnswer.WriteAsync(http, error, trackingId, time.GetUtcNow(), options.RetryAfter));
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller left: nobody to answer.
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await FailAsync(http, work.Name, error);
        }

        metrics.Answered(work.Name, http.Response.StatusCode, time.GetElapsedTime(started));
    }

    private (string Name, Func<Task<HubError?>> RunAsync) ForDevice(HttpContext http, RequestTarget target) =>
        RegistrationTarget.Read(http.Request.Method, target.Segments, out var allowed) is { } registration
            ? (registration.Row.Name, () => devices.RunAsync(http, registration))
            : ("none", () => Task.FromResult<HubError?>(NoOperation(http, allowed is null ? [] : [allowed])));

    private (string Name, Func<Task<HubError?>> RunAsync) ForEst(HttpContext http, RequestTarget target) =>
        EstTarget.Read(http.Request.Method, target.Segments, out var allowed) is { } asked
            ? (asked.Row.Name, () => est.RunAsync(http, asked))
            : ("none", () => Task.FromResult<HubError?>(NoOperation(http, allowed is null ? [] : [allowed])));

    private (string Name, Func<Task<HubError?>> RunAsync) ForService(HttpContext http, RequestTarget target) =>
        back.Find(http.Request.Method, target.Segments, out var methods) is { } operation
            ? (operation.Row.Name, () => back.RunAsync(http, operation, target.Path, target.Segments))
            : ("none", () => Task.FromResult<HubError?>(NoOperation(http, methods)));

    private static HubError NoOperation(HttpContext http, IReadOnlyList<string> methods)
    {
        if (methods.Count == 0)
        {
            return ProvisioningErrors.NotFound;
        }

        http.Response.Headers.Allow = string.Join(", ", methods);
        return ProvisioningErrors.MethodNotAllowed;
    }

    private async Task FailAsync(HttpContext http, string operation, Exception error)
    {
        var trackingId = Guid.NewGuid().ToString();
        log.RequestFailed(operation, trackingId, error);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await ErrorAnswer.WriteAsync(http, ProvisioningErrors.ServerError, trackingId, time.GetUtcNow(), options.RetryAfter);
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }
}
