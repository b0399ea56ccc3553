using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>A device that registers over HTTPS, with a key or a certificate.</summary>
internal static class TestRegistration
{
    internal static async Task<bool> ByKeyAsync(RunningServer server, string id, string key)
    {
        var scope = Scope(server);
        var resource = Uri.EscapeDataString($"{scope}/registrations/{id}");
        var expiry = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        return await PutAsync(server, id, $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn=registration", null);
    }

    internal static Task<bool> ByCertificateAsync(RunningServer server, string id, X509Certificate2 certificate) => PutAsync(server, id, null, certificate);

    private static async Task<bool> PutAsync(RunningServer server, string id, string? token, X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = server.Trust(), ClientCertificates = certificate is null ? null : [certificate] } };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{server.Port("https")}") };
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/{Scope(server)}/registrations/{id}/register?api-version=2021-06-01") { Content = new StringContent($$"""{"registrationId":"{{id}}"}""", Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Waits until the record says that the device has a hub.</summary>
    internal static async Task<JsonNode> AssignedAsync(RunningServer server, string id)
    {
        for (var end = DateTime.UtcNow.AddSeconds(90); ; await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            var run = await CliRun.EndAsync(server.On("enrollment", "registrations", "show", id, "--json"));
            if (await run.Ending == 0 && (string?)run.Json["status"] == "assigned")
            {
                return run.Json;
            }

            Assert.True(DateTime.UtcNow < end, $"{id} was not assigned: {run.Output}{run.Errors}");
        }
    }

    private static string Scope(RunningServer server) => server.Connection.GetProperty("dps").GetProperty("idScope").GetString()!;
}
