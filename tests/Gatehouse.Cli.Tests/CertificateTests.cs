using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class CertificateTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_certificate_is_added_verified_with_openssl_as_the_help_says_and_lets_a_device_in()
    {
        await ShellAsync("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plant-7.key -out plant-7.pem -subj /CN=Plant -days 2 -sha256");
        Assert.Contains("not verified. Next: gatehouse certificate verify plant-7", (await CliRun.OkAsync(server.On("certificate", "add", "plant-7", File("plant-7.pem")))).Output, StringComparison.Ordinal);
        var code = (await CliRun.OkAsync(server.On("certificate", "verify", "plant-7", "--code-only"))).Output.TrimEnd('\n');
        Assert.Matches("^[0-9A-Za-z]+$", code);

        // The lines of the help text, as they stand there.
        var lines = (await CliRun.OkAsync("certificate", "verify", "--help")).Out.Lines.Select(line => line.Trim()).Where(line => line.StartsWith("openssl", StringComparison.Ordinal) || line.StartsWith("echo", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, lines.Count);
        await ShellAsync(string.Join('\n', lines), code);
        var verified = await CliRun.OkAsync(server.On("certificate", "verify", "plant-7", "--certificate", File("proof.pem")));

        Assert.Contains("is verified", verified.Output, StringComparison.Ordinal);
        Assert.True((bool)(await CliRun.OkAsync(server.On("certificate", "show", "plant-7", "--json"))).Json["properties"]!["isVerified"]!);
        await CliRun.OkAsync(server.On("device", "create", "plant-device", "--auth-method", "x509_ca"));
        await ShellAsync(string.Join('\n', lines), "plant-device");
        using var certificate = X509Certificate2.CreateFromPemFile(File("proof.pem"), File("proof.key"));
        using var device = new TestDevice(server, "plant-device");
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(null, certificate: certificate));
    }

    [Fact]
    public async Task A_proof_by_another_key_is_refused_with_the_reason()
    {
        using var authority = TestCertificates.SelfSigned("CN=Plant 2", isAuthority: true);
        using var other = TestCertificates.SelfSigned("CN=Plant 2", isAuthority: true);
        await CliRun.OkAsync(server.On("certificate", "add", "plant-2", Save("plant-2.pem", authority)));
        var code = (string)(await CliRun.OkAsync(server.On("certificate", "verify", "plant-2", "--json"))).Json["properties"]!["verificationCode"]!;
        using var proof = TestCertificates.SignedBy(other, "CN=" + code);

        await CliRun.RefusedAsync(1, server.On("certificate", "verify", "plant-2", "--certificate", Save("proof-2.pem", proof)), "ArgumentInvalid");
    }

    [Fact]
    public async Task A_code_for_people_comes_with_what_to_do_next()
    {
        using var authority = TestCertificates.SelfSigned("CN=Plant 3", isAuthority: true);
        await CliRun.OkAsync(server.On("certificate", "add", "plant-3", Save("plant-3.pem", authority)));

        var run = await CliRun.OkAsync(server.On("certificate", "verify", "plant-3"));

        Assert.Single(run.Out.Lines);
        Assert.Contains("gatehouse certificate verify plant-3 --certificate FILE", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_is_listed_shown_replaced_and_deleted()
    {
        using var authority = TestCertificates.SelfSigned("CN=Plant 4", isAuthority: true);
        using var next = TestCertificates.SelfSigned("CN=Plant 4 anew", isAuthority: true);
        await CliRun.OkAsync(server.On("certificate", "add", "plant-4", Save("plant-4.pem", authority), "--verified"));

        Assert.Matches("(?m)^plant-4 +yes +CN=Plant 4", (await CliRun.OkAsync(server.On("certificate", "list"))).Output);
        Assert.Contains(authority.Thumbprint, (await CliRun.OkAsync(server.On("certificate", "show", "plant-4"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("certificate", "add", "plant-4", Save("plant-4b.pem", next)), "--replace");
        await CliRun.OkAsync(server.On("certificate", "add", "plant-4", Save("plant-4b.pem", next), "--replace"));
        Assert.Matches("verified +no", (await CliRun.OkAsync(server.On("certificate", "show", "plant-4"))).Output);
        await CliRun.OkAsync(server.On("certificate", "delete", "plant-4"));
        await CliRun.RefusedAsync(1, server.On("certificate", "show", "plant-4"), "NotFound");
    }

    [Fact]
    public async Task Files_that_are_missing_or_no_certificate_are_usage_errors_and_a_leaf_is_refused_by_the_hub()
    {
        using var leaf = TestCertificates.SelfSigned("CN=leaf");
        await System.IO.File.WriteAllTextAsync(File("junk.pem"), "junk", TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(2, server.On("certificate", "add", "junk", File("none.pem")), "there is no file");
        await CliRun.RefusedAsync(2, server.On("certificate", "add", "junk", File("junk.pem")), "not a certificate");
        await CliRun.RefusedAsync(2, server.On("certificate", "verify", "junk", "--code-only", "--certificate", File("junk.pem")), "one of them");
        await CliRun.RefusedAsync(1, server.On("certificate", "add", "leaf", Save("leaf.pem", leaf)), "ArgumentInvalid");
    }

    private string File(string name) => Path.Combine(folder.Path, name);

    private string Save(string name, X509Certificate2 certificate)
    {
        System.IO.File.WriteAllText(File(name), certificate.ExportCertificatePem());
        return File(name);
    }

    private async Task ShellAsync(string script, string code = "")
    {
        var start = new ProcessStartInfo("sh", ["-ec", script]) { WorkingDirectory = folder.Path, RedirectStandardError = true, Environment = { ["code"] = code } };
        using var shell = Process.Start(start)!;
        var errors = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(shell.ExitCode == 0, $"{script}: {errors}");
    }
}
