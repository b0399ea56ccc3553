using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class CredentialPolicyTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_policy_lives_from_create_to_delete_and_is_named_by_enrollments()
    {
        var created = (await CliRun.OkAsync(server.On("enrollment", "policy", "create", "cli-p1", "--validity-days", "7", "--key-types", "ec-p256,rsa"))).Output;
        Assert.Matches("^credential policy 'cli-p1' created: certificates for 7 days by O=gatehouse-dps, CN=cli-p1 \\(SHA-256 [0-9A-F]{64}\\), keys ec-p256, rsa\\.", created);
        Assert.Matches("(?m)^cli-p1 +7 +ec-p256, rsa +O=gatehouse-dps, CN=cli-p1 ", (await CliRun.OkAsync(server.On("enrollment", "policy", "list"))).Output);
        using var before = X509Certificate2.CreateFromPem((await CliRun.OkAsync(server.On("enrollment", "policy", "show", "cli-p1", "--pem"))).Output);

        await CliRun.OkAsync(server.On("enrollment", "policy", "update", "cli-p1", "--new-authority", "--validity-days", "8"));
        var shown = (await CliRun.OkAsync(server.On("enrollment", "policy", "show", "cli-p1"))).Output;
        Assert.Matches("(?m)^validity +8 days$", shown);
        Assert.DoesNotContain(before.GetCertHashString(HashAlgorithmName.SHA256), shown, StringComparison.Ordinal);

        await CliRun.OkAsync(server.On("enrollment", "create", "cli-p1-e", "--credential-policy", "cli-p1"));
        Assert.Matches("(?m)^credential policy +cli-p1$", (await CliRun.OkAsync(server.On("enrollment", "show", "cli-p1-e"))).Output);
        await CliRun.RefusedAsync(1, server.On("enrollment", "policy", "delete", "cli-p1"), "cli-p1-e");
        await CliRun.OkAsync(server.On("enrollment", "update", "cli-p1-e", "--credential-policy", ""));
        await CliRun.OkAsync(server.On("enrollment", "policy", "delete", "cli-p1"));
        await CliRun.RefusedAsync(1, server.On("enrollment", "policy", "show", "cli-p1"), "CredentialPolicyNotFound");
        Assert.Empty((await CliRun.OkAsync(server.On("enrollment", "certificates", "cli-p1-e", "--json"))).Json.AsArray());
        await CliRun.OkAsync(server.On("enrollment", "delete", "cli-p1-e"));
    }

    [Fact]
    public async Task A_CA_is_brought_with_its_key_from_a_file_or_the_input_and_the_key_is_never_printed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Cli CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
        await System.IO.File.WriteAllTextAsync(File("ca.pem"), authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllTextAsync(File("ca.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);

        var made = await CliRun.OkAsync(server.On("enrollment", "policy", "create", "cli-p2", "--certificate", File("ca.pem"), "--private-key-from", File("ca.key"), "--json"));
        var again = await CliRun.EndAsync(server.On("enrollment", "policy", "update", "cli-p2", "--certificate", File("ca.pem"), "--private-key-from", "-", "--json"), key.ExportPkcs8PrivateKeyPem());

        Assert.Equal(0, await again.Ending);
        Assert.All(new[] { made.Output, again.Output }, text => Assert.DoesNotContain(Convert.ToBase64String(key.ExportPkcs8PrivateKey())[..50], text, StringComparison.Ordinal));
        Assert.Equal("CN=Cli CA", (string)made.Json["certificateInfo"]!["subjectName"]!);
        await CliRun.OkAsync(server.On("enrollment", "policy", "delete", "cli-p2"));
    }

    [Theory]
    [InlineData("policy create p --certificate c.pem", "--private-key-from")]
    [InlineData("policy create p --private-key-from c.key", "--certificate")]
    [InlineData("policy create p --certificate none.pem --private-key-from none.key", "there is no file")]
    [InlineData("policy update p", "nothing is named")]
    [InlineData("certificates --top 0", "--top")]
    [InlineData("certificates d --expires-within 7", "give one of")]
    [InlineData("certificates --expires-within -1", "--expires-within")]
    public async Task Mistakes_are_said_before_anything_is_sent(string line, params string[] words) =>
        await CliRun.RefusedAsync(2, server.On(["enrollment", .. line.Split(' ')]), words);

    private string File(string name) => Path.Combine(folder.Path, name);
}
