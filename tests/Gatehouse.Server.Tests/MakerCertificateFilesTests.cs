using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Server.Startup;
using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>Certificates of TPM makers, in the forms in which makers publish them.</summary>
public sealed class MakerCertificateFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_directory_may_hold_bundles_and_single_certificates_and_what_is_named_otherwise_is_not_read()
    {
        using var first = Make("CN=first");
        using var second = Make("CN=second");
        using var third = Make("CN=third");
        File.WriteAllText(Path("a.pem"), $"The roots of a maker\n{first.ExportCertificatePem()}\n\n{second.ExportCertificatePem()}\n");
        File.WriteAllBytes(Path("b.CER"), third.RawData);
        File.WriteAllText(Path("README.txt"), "no certificate");

        Assert.Equal(["CN=first", "CN=second", "CN=third"], MakerCertificateFiles.Read(folder.Path).Certificates.Select(each => each.Subject).Order(StringComparer.Ordinal));
        Assert.Equal("CN=third", MakerCertificateFiles.Read(Path("b.CER")).Certificates.Single().Subject);
    }

    [Theory]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("")]
    [InlineData("0")]
    public void A_file_that_holds_none_is_named(string content)
    {
        using var good = Make("CN=good");
        File.WriteAllBytes(Path("a.der"), good.RawData);
        File.WriteAllText(Path("broken.crt"), content);

        var problem = Assert.Throws<StartupException>(() => MakerCertificateFiles.Read(folder.Path)).Message;

        Assert.StartsWith("--tpm-manufacturer-roots: ", problem, StringComparison.Ordinal);
        Assert.Contains("broken.crt' holds no certificate", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_without_any_would_shut_every_TPM_out() =>
        Assert.Contains("no TPM could register", Assert.Throws<StartupException>(() => MakerCertificateFiles.Read(folder.Path)).Message, StringComparison.Ordinal);

    private string Path(string name) => System.IO.Path.Combine(folder.Path, name);

    private static X509Certificate2 Make(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
