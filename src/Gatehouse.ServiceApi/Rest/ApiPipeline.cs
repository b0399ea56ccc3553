using System.Diagnostics;
using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>The way of every REST request: route, gate, api-version, operation, encoding. What no operation owns goes on to the next middleware.</summary>
internal sealed class ApiPipeline(RouteTable routes, RequestGate gate, ServiceApiOptions options, ServiceApiMetrics metrics, TimeProvider time, ILogger<ApiPipeline> log)
{
    internal async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var rawTarget = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (!RequestTarget.TryParse(rawTarget, out var target))
        {
            await RefuseMalformedAsync(http, rawTarget, next);
            return;
        }

        if (!routes.Owns(target))
        {
            await next(http);
            return;
        }

        var started = time.GetTimestamp();
        SetHeaders(http);
        var match = routes.Find(http.Request.Method, target);
        try
        {
            var response = match.Operation is { } operation ? await RunAsync(http, target, operation, match) : NoRoute(http, match);
            await AnswerAsync(http, response);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller left: nobody to answer.
            log.CallerLeft(match.Operation?.Row.Name ?? "none");
        }
        catch (Exception error)
        {
            await FailAsync(http, match.Operation?.Row.Name ?? "none", error);
        }

        metrics.Answered(match.Operation?.Row.Name ?? "none", http.Response.StatusCode, time.GetElapsedTime(started));
    }

    private async Task<ApiResponse> RunAsync(HttpContext http, RequestTarget target, ApiOperation operation, RouteMatch match)
    {
        var passed = await gate.PassAsync(http, target, operation);
        if (!passed.IsOk)
        {
            return passed.Error;
        }

        // Any value will do: clients of every age speak the same shapes here. Observed: the service answers all listed versions alike.
        if (operation.Row.Plane == Plane.Service && string.IsNullOrEmpty(http.Request.Query["api-version"]))
        {
            return HubErrors.InvalidProtocolVersion;
        }

        return await operation.RunAsync(new ApiRequest(http, passed.Value, match.Values, options), http.RequestAborted);
    }

    private static ApiResponse NoRoute(HttpContext http, RouteMatch match)
    {
        if (match.OtherMethods.Count == 0)
        {
            return HubErrors.GenericNotFound;
        }

        http.Response.Headers.Allow = string.Join(", ", match.OtherMethods);
        return HubErrors.GenericMethodNotAllowed;
    }

    private async Task RefuseMalformedAsync(HttpContext http, string rawTarget, RequestDelegate next)
    {
        if (rawTarget.StartsWith('/'))
        {
            SetHeaders(http);
            await AnswerAsync(http, HubErrors.GenericBadRequest.With("The path is not percent-encoded UTF-8."));
            return;
        }

        await next(http);
    }

    private async Task AnswerAsync(HttpContext http, ApiResponse response)
    {
        if (response.Error is not { } error)
        {
            await response.WriteAsync(http);
            return;
        }

        if (error.HttpStatus == StatusCodes.Status429TooManyRequests && HttpProtocol.IsHttp11(http.Request.Protocol))
        {
            // Observed: the service closes throttled connections.
            http.Response.Headers.Connection = "close";
        }

        if (error.RetryAfterSeconds is { } seconds)
        {
            // Not observed at the service, whose text says it only; clients that wait for so long come through.
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var trackingId = TrackingId.New(time.GetUtcNow());
        log.Refused(error.Name, trackingId);
        await ErrorBody.WriteAsync(http, error, trackingId);
    }

    private async Task FailAsync(HttpContext http, string operation, Exception error)
    {
        var trackingId = TrackingId.New(time.GetUtcNow());
        log.Failed(error, operation, trackingId);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await ErrorBody.WriteAsync(http, HubErrors.ServerError, trackingId);
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        Activity.Current?.SetTag("gatehouse.request_id", headers["x-ms-request-id"].ToString());
    }
}
