using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>Enrollment over Secure Transport with curl and openssl as the client, as RFC 7030 has its examples.</summary>
public sealed class EstTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_device_enrolls_by_a_token_renews_by_its_certificate_and_is_stopped_when_that_is_revoked()
    {
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "est-1"));
        await CliRun.OkAsync(server.On("enrollment", "create", "est-dev-1", "--credential-policy", "est-1"));
        var key = (string)(await CliRun.OkAsync(server.On("enrollment", "keys", "est-dev-1", "--json"))).Json["primaryKey"]!;
        Assert.Equal(200, Curl("cacerts.b64", "cacerts"));
        Unpack("cacerts");

        Request("first", "est-dev-1");
        Assert.Equal(401, Curl("none", "simpleenroll", Posted("first")));
        Assert.Equal(200, Curl("first.b64", "simpleenroll", ["-u", $"est-dev-1:{TokenOf("est-dev-1", key)}", .. Posted("first")]));
        Unpack("first");
        Run("openssl", "verify", "-partial_chain", "-CAfile", In("cacerts.pem"), In("first.pem"));
        await ConnectsAsync("est-dev-1", "first");

        // With the certificate that it has, over TLS; both stand until the first one ends.
        Request("second", "est-dev-1");
        Assert.Equal(200, Curl("second.b64", "simplereenroll", [.. Shown("first"), .. Posted("second")]));
        Unpack("second");
        Assert.NotEqual(File.ReadAllText(In("first.pem")), File.ReadAllText(In("second.pem")));
        await ConnectsAsync("est-dev-1", "second");
        await ConnectsAsync("est-dev-1", "first");

        // Clients that know simpleenroll only renew by that.
        Request("third", "est-dev-1");
        Assert.Equal(200, Curl("third.b64", "simpleenroll", [.. Shown("second"), .. Posted("third")]));
        Unpack("third");
        await ConnectsAsync("est-dev-1", "third");

        // For another name, or with a key that did not sign, nothing.
        Request("foreign", "est-dev-2");
        Assert.Equal(400, Curl("refused", "simplereenroll", [.. Shown("third"), .. Posted("foreign")]));
        Assert.Contains("est-dev-2", File.ReadAllText(In("refused")), StringComparison.Ordinal);
        await ExplainedAsync("est-dev-1", "est-dev-2");

        await CliRun.OkAsync(server.On("revoke", "certificate", In("third.pem"), "--reason", "keyCompromise"));
        Request("fourth", "est-dev-1");
        Assert.Equal(401, Curl("refused", "simplereenroll", [.. Shown("third"), .. Posted("fourth")]));
        Assert.Contains("Invalid certificate", File.ReadAllText(In("refused")), StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("enrollment", "update", "est-dev-1", "--status", "disabled"));
        Assert.Equal(400, Curl("refused", "simplereenroll", [.. Shown("second"), .. Posted("fourth")]));
        Assert.Contains("disabled", File.ReadAllText(In("refused")), StringComparison.Ordinal);

        // What the service has revoked is as if it had not been issued; the hub refuses it, and one that cannot be told is named.
        var far = await CliRun.EndAsync(
            server.On("dps", "linked-hub", "create", "est-far.invalid", "--connection-string-from", "-", "--apply-allocation-policy", "false"), $"HostName=est-far.invalid;SharedAccessKeyName=dps;SharedAccessKey={key}\n");
        Assert.Equal(0, await far.Ending);
        var serial = Run("openssl", "x509", "-in", In("second.pem"), "-noout", "-serial").Trim()["serial=".Length..];
        var told = await CliRun.OkAsync(server.On("enrollment", "revoke-certificate", serial));
        Assert.Contains("The linked hub est-far.invalid is being told", told.Output + told.Errors, StringComparison.Ordinal);
        Assert.Matches($"(?m)^est-dev-1 +revoked, not yet at .*est-far\\.invalid.* {serial} ", (await CliRun.OkAsync(server.On("enrollment", "certificates", "est-dev-1"))).Output);
        Assert.Contains(serial, (await CliRun.OkAsync(server.On("revoke", "list", "--json"))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("dps", "linked-hub", "delete", "est-far.invalid"));
        Assert.Equal(401, Curl("refused", "simplereenroll", [.. Shown("second"), .. Posted("fourth")]));
    }

    [Fact]
    public async Task A_device_of_a_group_enrolls_by_the_certificate_of_its_maker_and_no_other_certificate_does()
    {
        using var maker = TestCertificates.SelfSigned("CN=Est maker", isAuthority: true);
        using var stranger = TestCertificates.SelfSigned("CN=Est stranger", isAuthority: true);
        await File.WriteAllTextAsync(In("maker.pem"), maker.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "est-2"));
        await CliRun.OkAsync(server.On("enrollment", "create", "est-group", "--group", "--certificate", In("maker.pem"), "--credential-policy", "est-2"));
        Factory("factory", maker, "est-dev-7");
        Factory("strange", stranger, "est-dev-7");
        Request("own", "est-dev-7");
        Request("foreign", "est-dev-8");

        Assert.Equal(401, Curl("refused", "simpleenroll", [.. Shown("strange"), .. Posted("own")]));
        Assert.Equal(401, Curl("refused", "simplereenroll", [.. Shown("factory"), .. Posted("own")]));
        Assert.Equal(400, Curl("refused", "simpleenroll", [.. Shown("factory"), .. Posted("foreign")]));
        Assert.Equal(200, Curl("own.b64", "simpleenroll", [.. Shown("factory"), .. Posted("own")]));
        Unpack("own");
        await ConnectsAsync("est-dev-7", "own");
    }

    private void Factory(string name, X509Certificate2 authority, string id)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={id}", key, HashAlgorithmName.SHA256).Create(authority, DateTimeOffset.UtcNow.AddMinutes(-4), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]);
        File.WriteAllText(In(name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(In(name + ".key"), key.ExportPkcs8PrivateKeyPem());
    }

    private void Request(string name, string id)
    {
        Run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", $"/CN={id}", "-keyout", In(name + ".key"), "-outform", "DER", "-out", In(name + ".der"));
        Run("openssl", "base64", "-in", In(name + ".der"), "-out", In(name + ".p10"));
    }

    private void Unpack(string name)
    {
        Run("openssl", "base64", "-d", "-in", In(name + ".b64"), "-out", In(name + ".p7"));
        Run("openssl", "pkcs7", "-inform", "DER", "-in", In(name + ".p7"), "-print_certs", "-out", In(name + ".pem"));
    }

    private string[] Posted(string name) => ["--data-binary", $"@{In(name + ".p10")}", "-H", "Content-Type: application/pkcs10", "-H", "Content-Transfer-Encoding: base64"];

    private string[] Shown(string name) => ["--cert", In(name + ".pem"), "--key", In(name + ".key")];

    /// <returns>HTTP status; the body is in the file.</returns>
    private int Curl(string file, string path, params string[] more) => int.Parse(
        Run("curl", [
            "-sS", "--max-time", "60", "--cacert", server.Connection.GetProperty("caFile").GetString()!, "-o", In(file), "-w", "%{http_code}", .. more,
            $"https://localhost:{server.Port("https")}/.well-known/est/{server.Connection.GetProperty("dps").GetProperty("idScope").GetString()}/{path}",
        ]),
        CultureInfo.InvariantCulture);

    private string TokenOf(string id, string key)
    {
        var resource = Uri.EscapeDataString($"{server.Connection.GetProperty("dps").GetProperty("idScope").GetString()}/registrations/{id}");
        var expiry = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn=registration";
    }

    private async Task ConnectsAsync(string id, string name)
    {
        using var certificate = X509Certificate2.CreateFromPemFile(In(name + ".pem"), In(name + ".key"));
        using var device = new TestDevice(server, id);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(null, certificate: certificate));
    }

    // Refusals are written a moment later.
    private async Task ExplainedAsync(string device, string word)
    {
        for (var end = DateTime.UtcNow.AddSeconds(60); !(await CliRun.OkAsync(server.On("why", device))).Output.Contains(word, StringComparison.Ordinal); await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            Assert.True(DateTime.UtcNow < end, $"'why {device}' does not speak of {word}");
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        Assert.True(run.ExitCode == 0, $"{program}: {errors.Result}{output}");
        return output;
    }

    private string In(string name) => Path.Combine(folder.Path, name);
}
