using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Hubs;

/// <summary>Calls the service API of hubs on other servers: over TLS and nothing else, as their policy. Addresses are judged as those of endpoints; what is too long or too late is a fault.</summary>
/// <remarks>Source: service-plane §2 and §3 of the wire reference. What the far end says is never passed on, only its status and the name of its error.</remarks>
public sealed class HubCaller : IDisposable
{
    private const string ApiVersion = "2021-04-12";
    private const int MaxErrorLength = 64;

    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(5);
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpClient http;
    private readonly TimeProvider time;

    /// <param name="options">Longest time of one call, and whether private addresses may be called.</param>
    /// <param name="roots">Trusted beside the machine's own; null for none.</param>
    /// <param name="maxConnections">To one hub.</param>
    /// <param name="time">For tokens.</param>
    public HubCaller(SinkOptions options, OutboundRoots? roots, int maxConnections, TimeProvider time)
    {
        this.time = time;
        var handler = OutboundHttp.NewHandler(options, maxConnections);
        handler.SslOptions = OutboundRoots.ForClient(roots);
        http = new HttpClient(handler) { Timeout = options.Timeout };
    }

    /// <param name="target">Which hub.</param>
    /// <param name="method">Of the call.</param>
    /// <param name="path">From the first slash on, percent-encoded.</param>
    /// <param name="body">JSON, UTF-8; null for none.</param>
    /// <param name="ifMatch">Value of If-Match; null for none.</param>
    /// <param name="maxAnswerBytes">A longer answer is a fault.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<HubAnswer> SendAsync(HubTarget target, HttpMethod method, string path, ReadOnlyMemory<byte>? body, string? ifMatch, int maxAnswerBytes, CancellationToken cancellationToken)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"https://{target.HostName}:{target.Port}{path}?api-version={ApiVersion}");
        using var request = new HttpRequestMessage(method, new Uri(address, Verbatim));
        request.Headers.TryAddWithoutValidation("Authorization", Token(target, time.GetUtcNow() + TokenLife));
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (body is { } bytes)
        {
            request.Content = new ReadOnlyMemoryContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" } } };
        }

        try
        {
            // The time of the client ends with the headers; the rest must come within it, too.
            using var late = new CancellationTokenSource(http.Timeout);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var read = await ReadAsync(answer, maxAnswerBytes, either.Token);
            return read is null ? HubAnswer.Failed($"it answered more than {maxAnswerBytes} bytes") with { IsSilent = false } : new HubAnswer((int)answer.StatusCode, read, ErrorOf(answer), "");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return HubAnswer.Failed($"it cannot be reached: {(error.InnerException ?? error).Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HubAnswer.Failed("it did not answer in time");
        }
    }

    public void Dispose() => http.Dispose();

    private static string Token(HubTarget target, DateTimeOffset end)
    {
        var resource = Uri.EscapeDataString(target.HostName);
        var seconds = end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(target.Key, Encoding.UTF8.GetBytes($"{resource}\n{seconds}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={seconds}&skn={Uri.EscapeDataString(target.PolicyName)}";
    }

    private static string ErrorOf(HttpResponseMessage answer)
    {
        var name = answer.Headers.TryGetValues("iothub-errorcode", out var names) ? names.First() : "";
        return name.Length is > 0 and <= MaxErrorLength && name.All(char.IsAsciiLetterOrDigit) ? name : "";
    }

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

/// <summary>What a hub answered.</summary>
/// <param name="Status">HTTP status; 0 when there is no answer.</param>
/// <param name="Body">Its body.</param>
/// <param name="Error">Name of its error, letters and digits; empty when it gave none.</param>
/// <param name="Fault">Why there is no answer, for the operator: the end of a sentence. Empty when there is one.</param>
public sealed record HubAnswer(int Status, ReadOnlyMemory<byte> Body, string Error, string Fault)
{
    /// <summary>Whether nothing answered.</summary>
    public bool IsSilent { get; init; }

    /// <summary>The body may hold keys.</summary>
    public override string ToString() => $"{Status} {Error} ***";

    internal static HubAnswer Failed(string fault) => new(0, default, "", fault) { IsSilent = true };
}
