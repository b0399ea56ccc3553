using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>A device that has tpm2-tools and nothing of ours, against the server's own doors: HTTPS to register, MQTT over TLS to its hub.</summary>
public sealed class TpmToolsTests(RunningServer server)
{
    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb")]
    [InlineData("ecc", "ecc256:aes128cfb")]
    [InlineData("ecc", "rsa2048:aes128cfb")]
    public async Task A_TPM_registers_over_HTTPS_and_signs_for_its_hub(string endorsement, string storage)
    {
        using var tpm = new SoftwareTpm();
        var device = new TpmDevice(tpm).WithKeys(endorsement, storage);
        var id = $"tools-{endorsement}-{storage[..3]}";
        var scope = server.Connection.GetProperty("dps").GetProperty("idScope").GetString()!;
        var body = $$$"""{"registrationId":"{{{id}}}","tpm":{"endorsementKey":"{{{Convert.ToBase64String(device.EndorsementKey)}}}","storageRootKey":"{{{Convert.ToBase64String(device.StorageRootKey)}}}"}}""";
        await CliRun.OkAsync(server.On("enrollment", "create", id, "--endorsement-key", Convert.ToBase64String(device.EndorsementKey)));
        using var client = Client();

        var (code, said) = await AskAsync(client, HttpMethod.Put, $"/{scope}/registrations/{id}/register", null, body);
        Assert.Equal(HttpStatusCode.Unauthorized, code);
        Assert.Null(device.Activate(Convert.FromBase64String((string)said["authenticationKey"]!)));
        var proof = Token(device, $"{scope}/registrations/{id}", "&skn=registration");
        (code, said) = await AskAsync(client, HttpMethod.Put, $"/{scope}/registrations/{id}/register", proof, body);
        while (code == HttpStatusCode.Accepted)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            (code, said) = await AskAsync(client, HttpMethod.Get, $"/{scope}/registrations/{id}/operations/{said["operationId"]}", proof, null);
        }

        Assert.Equal((HttpStatusCode.OK, "assigned"), (code, (string?)said["status"]));
        Assert.Null(device.Activate(Convert.FromBase64String((string)said["registrationState"]!["tpm"]!["authenticationKey"]!)));
        using var connected = new TestDevice(server, id);
        Assert.Equal(MqttClientConnectResultCode.Success, await connected.TryConnectByAsync(Token(device, $"localhost/devices/{id}", "")));
        await connected.SendAsync("signed by a TPM");

        // The nonce was used, and what is signed with it is worth nothing any more.
        (code, said) = await AskAsync(client, HttpMethod.Put, $"/{scope}/registrations/{id}/register", proof, body);
        Assert.Equal((HttpStatusCode.Unauthorized, null), (code, said["authenticationKey"]));
    }

    private HttpClient Client() => new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = server.Trust() } }) { BaseAddress = new Uri($"https://localhost:{server.Port("https")}") };

    private static async Task<(HttpStatusCode Code, JsonNode Said)> AskAsync(HttpClient client, HttpMethod method, string path, string? token, string? body)
    {
        using var request = new HttpRequestMessage(method, path + "?api-version=2021-06-01") { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private static string Token(TpmDevice device, string resource, string more)
    {
        var scope = Uri.EscapeDataString(resource);
        var end = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"SharedAccessSignature sr={scope}&sig={Uri.EscapeDataString(Convert.ToBase64String(device.Sign(Encoding.ASCII.GetBytes($"{scope}\n{end}"))))}&se={end}{more}";
    }
}
