using System.Buffers;
using System.Net.Http.Headers;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Webhooks;

/// <summary>Calls webhooks whose answer counts: a JSON document out, one in. Addresses are judged as for every endpoint; what is too long or too late is a fault.</summary>
public sealed class WebhookCaller : IDisposable
{
    private const int MaxConnectionsPerServer = 16;

    private readonly HttpClient http;
    private readonly TimeProvider time;

    /// <param name="options">Longest time of one call, and whether private addresses may be called.</param>
    /// <param name="time">For the signature.</param>
    public WebhookCaller(SinkOptions options, TimeProvider time)
    {
        this.time = time;
        http = new HttpClient(OutboundHttp.NewHandler(options, MaxConnectionsPerServer)) { Timeout = options.Timeout };
    }

    /// <param name="url">Of <see cref="WebhookTarget.ParseUrl"/>.</param>
    /// <param name="secret">Signs the call as <see cref="WebhookSink"/> does; null for no signature.</param>
    /// <param name="body">JSON, UTF-8.</param>
    /// <param name="maxAnswerBytes">A longer answer is a fault.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<WebhookAnswer> PostAsync(Uri url, string? secret, ReadOnlyMemory<byte> body, int maxAnswerBytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation(WebhookSignature.Header, WebhookSignature.Make(secret, body.Span, time.GetUtcNow()));
        }

        try
        {
            // The time of the client ends with the headers; the rest must come within it, too.
            using var late = new CancellationTokenSource(http.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var read = await ReadAsync(answer, maxAnswerBytes, either.Token);
            return read is null ? WebhookAnswer.Failed($"it answered more than {maxAnswerBytes} bytes", mayPass: false) : new WebhookAnswer((int)answer.StatusCode, read, "");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return WebhookAnswer.Failed($"it cannot be reached: {(error.InnerException ?? error).Message}", mayPass: error.InnerException is not OutboundRefusedException);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return WebhookAnswer.Failed("it did not answer in time", mayPass: true);
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<byte[]?> ReadAsync(HttpResponseMessage answer, int maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        int count;
        while ((count = await stream.ReadAsync(buffer.GetMemory(512), cancellationToken)) > 0)
        {
            buffer.Advance(count);
            if (buffer.WrittenCount > maxBytes)
            {
                return null;
            }
        }

        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>What a webhook answered.</summary>
/// <param name="Status">HTTP status; 0 when there is no answer.</param>
/// <param name="Body">Its body.</param>
/// <param name="Fault">Why there is no answer, for the operator: the end of a sentence. Empty when there is one.</param>
public sealed record WebhookAnswer(int Status, ReadOnlyMemory<byte> Body, string Fault)
{
    /// <summary>Whether another attempt may have an answer that this one has not: false for what the server itself refuses, and for what the webhook has said.</summary>
    public bool MayPass { get; init; } = Status is 408 or 429 or >= 500;

    internal static WebhookAnswer Failed(string fault, bool mayPass) => new(0, default, fault) { MayPass = mayPass };
}
