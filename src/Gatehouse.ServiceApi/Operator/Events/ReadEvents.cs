using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Events;
using Gatehouse.Identity;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary><c>GET /gatehouse/v1/events</c>: a live stream of lines, read from the log at the caller's pace.</summary>
internal sealed class ReadEvents(EventStreams streams, PolicyAuthenticator authenticator, ISignals signals, IHostApplicationLifetime lifetime, TimeProvider time)
    : ApiOperation(Operations.ReadEvents, "GET", "gatehouse/v1/events")
{
    private const int FlushBytes = 64 * 1024;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var wanted = EventRequest.Read(request);
        if (!wanted.IsOk)
        {
            return wanted.Error;
        }

        var opened = await streams.OpenAsync(request.Hub, wanted.Value.Query, cancellationToken);
        if (!opened.IsOk)
        {
            return opened.Error;
        }

        using var stream = opened.Value;
        await using var permit = new Permit(cancel => JudgeAsync(request.Http.Request, cancel), Row, request.Principal, signals, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, permit.Ended, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(request.Http, stream, wanted.Value, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The right ended or the server stops: what was sent is whole lines, and the answer ends as one that is complete.
        }

        return ApiResponse.Sent;
    }

    private ValueTask<Verdict> JudgeAsync(HttpRequest request, CancellationToken cancellationToken) =>
        authenticator.AuthenticateAsync(request.Host.Value ?? "", $"/{Template}", request.Headers.Authorization.ToString(), cancellationToken);

    private static async Task SendAsync(HttpContext http, EventStream stream, EventRequest wanted, CancellationToken cancellationToken)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        http.Response.ContentType = "application/x-ndjson";
        var output = http.Response.BodyWriter;
        await output.FlushAsync(cancellationToken);

        using var line = new EventLine();
        await using var json = new Utf8JsonWriter(output);
        var left = wanted.Max ?? long.MaxValue;
        await foreach (var batch in stream.ReadAsync(cancellationToken))
        {
            foreach (var each in batch)
            {
                line.Write(json, each, wanted.BodyAsBase64);
                json.Reset();
                output.Write("\n"u8);
                left--;
                if (left == 0)
                {
                    break;
                }

                // A batch may hold megabytes: the caller's pace bounds what waits in memory.
                if (output.UnflushedBytes > FlushBytes)
                {
                    await output.FlushAsync(cancellationToken);
                }
            }

            if (batch.Count == 0)
            {
                output.Write("\n"u8);
            }

            await output.FlushAsync(cancellationToken);
            if (left == 0)
            {
                return;
            }
        }
    }
}
