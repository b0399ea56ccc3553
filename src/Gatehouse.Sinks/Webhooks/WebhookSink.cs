using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Webhooks;

/// <summary>Calls a webhook with a signed JSON array of events.</summary>
/// <remarks>
/// <c>Gatehouse-Signature: t={Unix seconds},v1={hex}</c>, where hex is HMAC-SHA-256 under the endpoint's secret of <c>{t}.{body}</c>. The receiver compares in fixed time and
/// refuses old times. <c>Gatehouse-Delivery</c> is the same when a batch is sent again. 2xx takes the batch; 400, 404, 405, 410, 413, 415 and 422 refuse it; everything else is tried again.
/// </remarks>
public sealed class WebhookSink : ISink
{
    private static readonly HttpStatusCode[] Refusals =
    [
        HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.Gone, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType,
        HttpStatusCode.UnprocessableEntity,
    ];

    private readonly WebhookTarget target;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public WebhookSink(WebhookTarget target, SinkOptions options, TimeProvider time)
    {
        (this.target, this.time) = (target, time);
        http = new HttpClient(OutboundHttp.NewHandler(options)) { Timeout = options.Timeout };
        Batching = new SinkBatching(options.MaxEvents, options.MaxBytes, TimeSpan.Zero);
    }

    public SinkBatching Batching { get; }

    public async Task<SinkOutcome> SendAsync(SinkBatch batch, CancellationToken cancellationToken)
    {
        var body = Body(batch);
        using var request = new HttpRequestMessage(HttpMethod.Post, target.Url)
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.TryAddWithoutValidation(WebhookSignature.Header, Sign(body.Span, time.GetUtcNow()));
        request.Headers.TryAddWithoutValidation("Gatehouse-Hub", batch.Hub);
        request.Headers.TryAddWithoutValidation("Gatehouse-Endpoint", batch.Endpoint);
        request.Headers.TryAddWithoutValidation("Gatehouse-Delivery", string.Create(CultureInfo.InvariantCulture, $"{batch.Partition}-{batch.Events[0].SequenceNumber}-{batch.Events.Count}"));
        try
        {
            // What the receiver writes is not read: it could be endless.
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.IsSuccessStatusCode ? SinkOutcome.All(batch.Events.Count)
                : Refusals.Contains(answer.StatusCode) ? SinkOutcome.Refused($"The webhook refused the batch with {(int)answer.StatusCode}.")
                : SinkOutcome.Failed($"The webhook answered {(int)answer.StatusCode}.");
        }
        catch (HttpRequestException error)
        {
            return SinkOutcome.Failed($"The webhook cannot be reached: {(error.InnerException ?? error).Message}");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SinkOutcome.Failed("The webhook did not answer in time.");
        }
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    internal string Sign(ReadOnlySpan<byte> body, DateTimeOffset now) => WebhookSignature.Make(target.Secret, body, now);

    private static ReadOnlyMemory<byte> Body(SinkBatch batch)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var each in batch.Events)
            {
                EventJson.Write(writer, each);
            }

            writer.WriteEndArray();
        }

        return buffer.WrittenMemory;
    }
}
