using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Gateway.Http;

/// <summary>The way of every request of a device over HTTPS: operation, gate, the operation's work, answer. Whatever is none of its operations goes on to the next middleware.</summary>
/// <remarks>Source: device-plane §3 of the wire reference. The api-version is not looked at: clients of every age speak the same shapes here.</remarks>
public sealed class DeviceApi
{
    private readonly GatewayParts parts;
    private readonly DeviceGate gate;
    private readonly DeviceOperation[] operations;

    internal DeviceApi(GatewayParts parts, DeviceOperation[] operations) =>
        (this.parts, gate, this.operations) = (parts, new DeviceGate(parts), operations);

    internal async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!RequestTarget.TryParse(http.Features.Get<IHttpRequestFeature>()!.RawTarget, out var target)
            || target.Segments.Count < 3
            || !string.Equals(target.Segments[0], "devices", StringComparison.OrdinalIgnoreCase)
            || Array.Find(operations, each => each.Matches(http.Request.Method, target.Segments)) is not { } operation)
        {
            await next(http);
            return;
        }

        var started = parts.Time.GetTimestamp();
        SetHeaders(http);
        try
        {
            if (await RunAsync(http, operation, target.Segments) is { } error)
            {
                await AnswerAsync(http, error);
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The device left: nobody to answer.
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The log stores nothing at present; it says so itself.
            await FailAsync(http, operation, HubErrors.ServiceUnavailable, error);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await FailAsync(http, operation, HubErrors.ServerError, error);
        }

        parts.Metrics.Answered(operation.Row.Name, http.Response.StatusCode, parts.Time.GetElapsedTime(started));
    }

    private async ValueTask<HubError?> RunAsync(HttpContext http, DeviceOperation operation, IReadOnlyList<string> path)
    {
        if (!DeviceId.TryParse(path[1], out var device))
        {
            return HubErrors.ArgumentInvalid.With("The path names no device: an id has 1 to 128 characters of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ ' ;");
        }

        var passed = await gate.PassAsync(http, device, operation.Row);
        if (!passed.IsOk)
        {
            return passed.Error;
        }

        var error = operation.IsThrottledByRequest ? await parts.Throttles.PassAsync(passed.Value.Telemetry.Share, operation.Row, http.RequestAborted) : null;
        error ??= await operation.RunAsync(new DeviceRequest(http, passed.Value, path), http.RequestAborted);
        if (error is { HttpStatus: < StatusCodes.Status500InternalServerError })
        {
            gate.Report(http, passed.Value, operation.Row, error);
        }

        return error;
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }

    private Task AnswerAsync(HttpContext http, HubError error) => AnswerAsync(http, error, TrackingId.New(parts.Time.GetUtcNow()));

    private static Task AnswerAsync(HttpContext http, HubError error, string trackingId)
    {
        var body = ErrorDocument.Encode(error, trackingId);
        http.Response.StatusCode = error.HttpStatus;
        http.Response.Headers[ErrorDocument.CodeHeader] = error.Name;
        http.Response.ContentType = ErrorDocument.ContentType;
        http.Response.ContentLength = body.Length;
        if (error.HttpStatus == StatusCodes.Status429TooManyRequests)
        {
            http.Response.Headers.RetryAfter = (error.RetryAfterSeconds ?? 1).ToString(CultureInfo.InvariantCulture);
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private async Task FailAsync(HttpContext http, DeviceOperation operation, HubError error, Exception exception)
    {
        var trackingId = TrackingId.New(parts.Time.GetUtcNow());
        parts.Log.DeviceRequestFailed(operation.Row.Name, trackingId, exception);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await AnswerAsync(http, error, trackingId);
    }
}
