using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Attesting;

/// <summary>The provisioning service's API for devices over HTTPS, for one device.</summary>
/// <remarks>Source: Device Provisioning Service, device API: RegisterDevice and OperationStatusLookup. It needs no key of an operator's.</remarks>
internal sealed class RegistrationClient(HostAndPort host, string idScope, string registrationId, string? caFile) : IDisposable
{
    private const string Assigning = "assigning";

    // As long as the service keeps a challenge good, and more than a whole fleet's turn takes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly int port = host.Port ?? HubAddress.UsualHttpsPort;
    private readonly HttpsServer server = new(host.Host, host.Port ?? HubAddress.UsualHttpsPort, caFile, "--host");
    private readonly DateTimeOffset end = DateTimeOffset.UtcNow + Patience;

    /// <summary>What tokens are signed over.</summary>
    internal string Resource => $"{idScope}/registrations/{registrationId}";

    /// <summary>Shows the keys of a TPM.</summary>
    /// <returns>The answer: what the TPM is to open.</returns>
    internal async Task<JsonNode> ChallengeAsync(JsonObject body, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Put, Register, body, null, cancellationToken);
        var said = await ReadAsync(answer, cancellationToken);
        return answer.StatusCode == HttpStatusCode.Unauthorized && said["authenticationKey"] is not null ? said : throw Refused(answer, said);
    }

    /// <summary>Registers with the proof, and waits for the outcome.</summary>
    /// <returns>The state of the registration: assigned.</returns>
    internal async Task<JsonNode> RegisterAsync(JsonObject body, string token, CancellationToken cancellationToken)
    {
        var (said, pause) = await AskAsync(HttpMethod.Put, Register, body, token, cancellationToken);
        while (Text(said["status"]) == Assigning)
        {
            await PauseAsync(pause, "the service is still assigning the device", cancellationToken);
            (said, pause) = await AskAsync(HttpMethod.Get, HubPath.Registration(idScope, "registrations", registrationId, "operations", Text(said["operationId"]) ?? ""), null, token, cancellationToken);
        }

        var state = said["registrationState"];
        return Text(said["status"]) == "assigned" && state is not null
            ? state
            : throw new CliException($"the device was not assigned ({said["status"]}): {state?["errorMessage"] ?? state?["errorCode"] ?? "no reason was given"}. On the server: gatehouse why {registrationId}");
    }

    /// <summary>Null for everything that is no text.</summary>
    internal static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public void Dispose() => server.Dispose();

    private HubPath Register => HubPath.Registration(idScope, "registrations", registrationId, "register");

    private async Task<(JsonNode Said, TimeSpan Pause)> AskAsync(HttpMethod method, HubPath path, JsonObject? body, string token, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(method, path, body, token, cancellationToken);
        var said = await ReadAsync(answer, cancellationToken);
        return answer.IsSuccessStatusCode ? (said, Wanted(answer)) : throw Refused(answer, said);
    }

    // Who is told to come again, does.
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, HubPath path, JsonObject? body, string? token, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(method, path.ToUri(host.Host, port));
            if (body is not null)
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString(SafeJson.Line))) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") } };
            }

            if (token is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", token);
            }

            var answer = await server.SendAsync(request, cancellationToken);
            if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
            {
                return answer;
            }

            using (answer)
            {
                await PauseAsync(Wanted(answer), "the service is busy", cancellationToken);
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause, string why, CancellationToken cancellationToken)
    {
        if (DateTimeOffset.UtcNow + pause > end)
        {
            throw new CliException($"{why} after {Patience.TotalMinutes.ToString(CultureInfo.InvariantCulture)} minutes. Repeat later; nothing is lost.");
        }

        await Task.Delay(pause, cancellationToken);
    }

    private static TimeSpan Wanted(HttpResponseMessage answer)
    {
        var wanted = answer.Headers.RetryAfter?.Delta ?? ShortestPause;
        return wanted < ShortestPause ? ShortestPause : wanted > LongestPause ? LongestPause : wanted;
    }

    private async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)) as JsonObject ?? throw NoService(answer, null);
        }
        catch (JsonException error)
        {
            throw NoService(answer, error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HubUnreachable($"the answer of {server} broke off ({error.Message}). Repeat.", error);
        }
    }

    private CliException NoService(HttpResponseMessage answer, Exception? error) =>
        new($"what answers at {server} (HTTP {(int)answer.StatusCode}) is not a provisioning service: check --host and its port.", ExitCode.Refused, error);

    private CliException Refused(HttpResponseMessage answer, JsonNode said)
    {
        var name = ProvisioningRefusal.NameOf(said["errorCode"]?.ToString()) ?? $"HTTP {(int)answer.StatusCode}";
        var next = name == "Unauthorized"
            ? $" The service tells devices no more than this. On the server 'gatehouse why {registrationId}' says why: an id scope or registration id that is not enrolled, another TPM, a disabled enrollment, a boot that changed, an unknown maker, or this machine's clock."
            : "";
        return new CliException($"the provisioning service at {server} refused '{registrationId}': {said["message"] ?? name} ({name}, tracking id {said["trackingId"] ?? "none"}).{next}");
    }
}
