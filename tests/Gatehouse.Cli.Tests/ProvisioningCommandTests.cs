using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class ProvisioningCommandTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_service_is_shown_and_its_default_allocation_changed()
    {
        Assert.Matches("(?m)^id scope +0ne[0-9A-F]{8}$", (await CliRun.OkAsync(server.On("dps", "show"))).Output);
        Assert.Contains("updated (hashed)", (await CliRun.OkAsync(server.On("dps", "update", "--allocation-policy", "hashed"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(2, server.On("dps", "update", "--allocation-policy", "custom"), "custom");
        await CliRun.RefusedAsync(1, server.On("dps", "update", "--allocation-policy", "static", "--etag", "stale"), "PreconditionFailed");
    }

    [Fact]
    public async Task A_policy_of_the_service_lives_from_create_to_delete_and_its_connection_string_opens_what_its_rights_say()
    {
        Assert.Contains("EnrollmentRead, RegistrationStatusRead", (await CliRun.OkAsync(server.On("dps", "policy", "create", "cli-reader", "--rights", "RegistrationStatusRead,EnrollmentRead"))).Output, StringComparison.Ordinal);
        var keys = (await CliRun.OkAsync(server.On("dps", "policy", "keys", "cli-reader", "--json"))).Json;
        var quiet = (await CliRun.OkAsync(server.On("dps", "policy", "list"))).Output + (await CliRun.OkAsync(server.On("dps", "policy", "show", "cli-reader", "--json"))).Output;
        Assert.DoesNotContain((string)keys["primaryKey"]!, quiet, StringComparison.Ordinal);

        var text = (await CliRun.OkAsync(server.On("dps", "policy", "connection-string", "cli-reader"))).Output.TrimEnd('\n');
        Assert.EndsWith($";SharedAccessKeyName=cli-reader;SharedAccessKey={keys["primaryKey"]}", text, StringComparison.Ordinal);
        string[] reader = ["--connection-string", text.Replace("localhost", $"localhost:{server.Port("https")}", StringComparison.Ordinal), "--ca-file", server.Connection.GetProperty("caFile").GetString()!];
        await CliRun.OkAsync(["enrollment", "list", .. reader]);
        await CliRun.RefusedAsync(1, ["enrollment", "create", "cli-no", .. reader], "'cli-reader'");

        await CliRun.OkAsync(server.On("dps", "policy", "regenerate-key", "cli-reader", "primary"));
        await CliRun.RefusedAsync(1, ["enrollment", "list", .. reader], "'cli-reader'");
        await CliRun.OkAsync(server.On("dps", "policy", "update", "cli-reader", "--rights", "EnrollmentRead"));
        await CliRun.RefusedAsync(1, server.On("dps", "policy", "create", "cli-reader", "--rights", "EnrollmentRead"), "gatehouse dps policy update");
        await CliRun.RefusedAsync(1, server.On("dps", "policy", "delete", "provisioningserviceowner"), "PolicyConflict", "last policy with all rights");
        await CliRun.OkAsync(server.On("dps", "policy", "delete", "cli-reader"));
        await CliRun.RefusedAsync(1, server.On("dps", "policy", "show", "cli-reader"), "PolicyNotFound", "gatehouse dps policy list");
    }

    [Fact]
    public async Task A_certificate_of_the_service_is_added_proved_named_by_a_group_and_deleted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cli-dps-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        await WriteAsync("ca.pem", authority.ExportCertificatePem());

        Assert.Contains("not verified. Next: gatehouse dps certificate verify cli-dps-ca", (await CliRun.OkAsync(server.On("dps", "certificate", "add", "cli-dps-ca", File("ca.pem")))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("enrollment", "create", "cli-dps-g", "--group", "--ca-name", "cli-dps-ca"), "verified");
        var code = (await CliRun.OkAsync(server.On("dps", "certificate", "verify", "cli-dps-ca", "--code-only"))).Output.Trim();
        using var proofKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var proof = new CertificateRequest($"CN={code}", proofKey, HashAlgorithmName.SHA256).Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
        await WriteAsync("proof.pem", proof.ExportCertificatePem());
        Assert.Contains("--ca-name cli-dps-ca", (await CliRun.OkAsync(server.On("dps", "certificate", "verify", "cli-dps-ca", "--certificate", File("proof.pem")))).Output, StringComparison.Ordinal);

        await CliRun.OkAsync(server.On("enrollment", "create", "cli-dps-g", "--group", "--ca-name", "cli-dps-ca"));
        Assert.Matches("(?m)^cli-dps-ca +yes +CN=cli-dps-ca", (await CliRun.OkAsync(server.On("dps", "certificate", "list"))).Output);
        await CliRun.OkAsync(server.On("enrollment", "delete", "cli-dps-g", "--group"));
        await CliRun.OkAsync(server.On("dps", "certificate", "delete", "cli-dps-ca"));
        await CliRun.RefusedAsync(1, server.On("dps", "certificate", "show", "cli-dps-ca"), "CertificateNotFound");
    }

    private string File(string name) => Path.Combine(folder.Path, name);

    private Task WriteAsync(string name, string text) => System.IO.File.WriteAllTextAsync(File(name), text, TestContext.Current.CancellationToken);
}
