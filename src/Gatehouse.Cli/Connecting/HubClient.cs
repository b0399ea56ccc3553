using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Connecting;

/// <summary>Calls the service API and the operator API of one hub, or the API of one provisioning service, and says in one line what went wrong.</summary>
internal sealed class HubClient : IDisposable
{
    internal const string Overwrite = "*";

    // The shortest that a hub can be told to insist on: see Strictness.
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    private readonly HttpsServer server;

    internal HubClient(HubAddress address)
    {
        Address = address;
        server = new HttpsServer(address.HostName, address.HttpsPort, address.CaFile, address.Source);
    }

    internal HubAddress Address { get; }

    internal Task<JsonNode> GetAsync(HubPath path, CancellationToken cancellationToken) => AskAsync(HttpMethod.Get, path, null, null, cancellationToken);

    internal Task<JsonNode> PutAsync(HubPath path, JsonNode body, string? etag, CancellationToken cancellationToken) => AskAsync(HttpMethod.Put, path, body, etag, cancellationToken);

    internal Task<JsonNode> PatchAsync(HubPath path, JsonNode body, string? etag, CancellationToken cancellationToken) => AskAsync(HttpMethod.Patch, path, body, etag, cancellationToken);

    internal Task<JsonNode> PostAsync(HubPath path, JsonNode? body, string? etag, CancellationToken cancellationToken) => AskAsync(HttpMethod.Post, path, body, etag, cancellationToken);

    internal Task<JsonNode> DeleteAsync(HubPath path, string? etag, CancellationToken cancellationToken) => AskAsync(HttpMethod.Delete, path, null, etag, cancellationToken);

    /// <summary>Posts bytes as they are, with headers of the caller's.</summary>
    internal async Task SendBytesAsync(HubPath path, byte[] body, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path.ToUri(Address)) { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                throw CliException.Usage($"'{name["iothub-app-".Length..]}' cannot be the name of a property.");
            }
        }

        (await SendAsync(request, cancellationToken)).Dispose();
    }

    /// <summary>Posts a file as it is, and returns what the hub says of it.</summary>
    internal async Task<JsonNode> PostFileAsync(HubPath path, byte[] content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path.ToUri(Address)) { Content = new ByteArrayContent(content) };
        using var answer = await SendAsync(request, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    /// <summary>One page of a query (a POST with a body, or a GET), and what leads to the next; null after the last.</summary>
    internal async Task<(JsonArray Rows, string? Continuation)> PageAsync(HubPath path, JsonNode? body, int items, string? continuation, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path.ToUri(Address)) { Content = body is null ? null : Json(body) };
        request.Headers.TryAddWithoutValidation("x-ms-max-item-count", items.ToString(CultureInfo.InvariantCulture));
        if (continuation is not null)
        {
            request.Headers.TryAddWithoutValidation("x-ms-continuation", continuation);
        }

        using var answer = await SendAsync(request, cancellationToken);
        var rows = await ReadAsync(answer, cancellationToken) as JsonArray ?? [];
        return (rows, answer.Headers.TryGetValues("x-ms-continuation", out var next) ? next.First() : null);
    }

    /// <summary>The next message to a device with its headers; null when none waits.</summary>
    internal async Task<(byte[] Body, IReadOnlyDictionary<string, string> Headers)?> ReceiveAsync(HubPath path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NoContent)
        {
            return null;
        }

        var headers = answer.Headers.Concat(answer.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return (await answer.Content.ReadAsByteArrayAsync(cancellationToken), headers);
    }

    /// <summary>The same as <see cref="GetAsync"/>; null where there is nothing.</summary>
    internal async Task<JsonNode?> FindAsync(HubPath path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(path, cancellationToken);
        }
        catch (HubRefusal refusal) when (refusal.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>An answer that goes on; the caller reads and disposes it.</summary>
    internal Task<HttpResponseMessage> OpenAsync(HubPath path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    public void Dispose() => server.Dispose();

    private async Task<JsonNode> AskAsync(HttpMethod method, HubPath path, JsonNode? body, string? etag, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(method, path, body, etag, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    private async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            throw new HubUnreachable($"the answer of {Address} broke off or is not JSON ({error.Message}). Repeat; if it stays, check that a Gatehouse hub answers there.", error);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, HubPath path, JsonNode? body, string? etag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path.ToUri(Address));
        if (etag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", etag == Overwrite ? etag : $"\"{etag.Trim('"')}\"");
        }

        if (body is not null)
        {
            request.Content = Json(body);
        }

        return await SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var policy = Address.Policy;
        request.Headers.TryAddWithoutValidation("Authorization", policy.Token ?? SharedAccessToken.Make(Address.HostName, policy.Key!, policy.PolicyName, DateTimeOffset.UtcNow + TokenLifetime));
        var answer = await server.SendAsync(request, cancellationToken);
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await HubRefusal.ReadAsync(answer, Address, cancellationToken);
        }
    }

    private static ByteArrayContent Json(JsonNode body) => new(Encoding.UTF8.GetBytes(body.ToJsonString(SafeJson.Line))) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
