using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class CrlTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_list_is_rehearsed_taken_shown_and_removed()
    {
        using var authority = TestCertificates.SelfSigned("CN=Crl plant", isAuthority: true);
        using var certificate = TestCertificates.SignedBy(authority, "CN=crl-1");
        await CliRun.OkAsync(server.On("certificate", "add", "crl-plant", Save("crl-plant.pem", authority.ExportCertificatePem()), "--verified"));
        var list = Save("crl-plant.crl", PemEncoding.WriteString("X509 CRL", List(authority, 7, certificate)));

        var drill = await CliRun.OkAsync(server.On("crl", "import", list, "--drill"));
        Assert.Contains("List 7 of crl-plant would be taken; nothing was changed.", drill.Output, StringComparison.Ordinal);
        Assert.Contains("Entries: 1, of them 1 new; 0 are gone.", drill.Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("crl", "show", "crl-plant"), "no revocation list");

        var taken = await CliRun.OkAsync(server.On("crl", "import", list, "--ca", "crl-plant"));
        Assert.Contains("is in force, here at once", taken.Output, StringComparison.Ordinal);
        Assert.Contains("in force already", (await CliRun.OkAsync(server.On("crl", "import", list))).Output, StringComparison.Ordinal);
        Assert.Contains("crl-plant", (await CliRun.OkAsync(server.On("crl", "list"))).Output, StringComparison.Ordinal);
        var shown = (await CliRun.OkAsync(server.On("crl", "show", "crl-plant", "--json"))).Json;
        Assert.Equal(("7", 1, false, "accept"), ((string?)shown["number"], (int)shown["entries"]!, (bool)shown["isStale"]!, (string?)shown["stale"]));
        Assert.Contains("rule when stale", (await CliRun.OkAsync(server.On("crl", "show", "crl-plant"))).Output, StringComparison.Ordinal);

        await CliRun.RefusedAsync(1, server.On("crl", "import", Save("old.crl", PemEncoding.WriteString("X509 CRL", List(authority, 6, certificate)))), "not newer");
        await CliRun.RefusedAsync(1, server.On("crl", "import", Save("not.crl", "no list")), "neither DER nor PEM");
        await CliRun.RefusedAsync(2, server.On("crl", "import", "nowhere.crl"));
        await CliRun.RefusedAsync(2, server.On("crl", "policy", "crl-plant", "--stale", "maybe"));

        Assert.Contains("gone", (await CliRun.OkAsync(server.On("crl", "remove", "crl-plant"))).Output, StringComparison.Ordinal);
        Assert.Contains("new connections below it would be refused", (await CliRun.OkAsync(server.On("crl", "policy", "crl-plant", "--stale", "refuse", "--drill"))).Output, StringComparison.Ordinal);
        Assert.Contains("The rule of crl-plant is refuse.", (await CliRun.OkAsync(server.On("crl", "policy", "crl-plant", "--stale", "refuse"))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("crl", "remove", "crl-plant"));
    }

    private static byte[] List(X509Certificate2 authority, int number, X509Certificate2 revoked)
    {
        using var key = authority.GetECDsaPrivateKey()!;
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry(revoked, DateTimeOffset.UtcNow.AddMinutes(-1), X509RevocationReason.KeyCompromise);
        return builder.Build(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), number, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3]), DateTimeOffset.UtcNow.AddMinutes(-1));
    }

    private string Save(string name, string text)
    {
        var path = Path.Combine(folder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }
}
