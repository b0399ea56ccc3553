using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.Tpm;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

public sealed class EndorsementCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Key = TpmPublicAreaTests.EndorsementKey();

    private readonly TpmMaker maker = new(Now);
    private readonly EndorsementCertificates certificates = new(new IdentityOptions());

    public void Dispose() => maker.Dispose();

    [Fact]
    public void The_certificate_that_a_maker_gave_its_TPM_is_good_for_RSA_and_elliptic_keys()
    {
        Assert.Null(Fault(maker.Certify(Key)));
        Assert.Null(Fault(maker.Certify(Key, wanted => wanted.Subject = "CN=TPM")));

        using var elliptic = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = elliptic.ExportParameters(includePrivateParameters: false).Q;
        var area = TpmPublicAreaTests.EllipticKey(point.X!, point.Y!);
        Assert.Null(Fault(maker.Certify(area, wanted => wanted.KeyUsage = X509KeyUsageFlags.KeyAgreement), area));
    }

    [Fact]
    public void Another_key_than_the_enrolled_one_is_told_before_a_chain_is_followed()
    {
        Assert.Contains("another key", Fault(maker.Certify(TpmPublicAreaTests.EndorsementKey())), StringComparison.Ordinal);
        Assert.Contains("another key", EndorsementCertificates.OwnFault(maker.Root.RawDataMemory, Parse(Key)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_maker_that_was_not_loaded_is_not_trusted_even_under_the_same_name()
    {
        using var other = new TpmMaker(Now);
        using var stranger = new TpmMaker(Now, "Stranger");

        Assert.Contains("signature", Fault(other.Certify(Key)), StringComparison.Ordinal);
        Assert.Contains("loaded certificate of a TPM maker", Fault(stranger.Certify(Key)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired", "valid from")]
    [InlineData("no usage", "tcg-kp-EKCertificate")]
    [InlineData("another usage", "tcg-kp-EKCertificate")]
    [InlineData("no maker", "tpmManufacturer")]
    [InlineData("signs", "encipher")]
    [InlineData("authority", "CA certificate")]
    [InlineData("unknown critical extension", "critical extension 1.2.3")]
    public void What_is_wrong_with_a_certificate_is_told(string what, string words) => Assert.Contains(words, Fault(maker.Certify(Key, wanted => Spoil(wanted, what))), StringComparison.Ordinal);

    [Fact]
    public void What_is_cut_changed_or_too_large_is_refused()
    {
        var good = maker.Certify(Key);
        for (var length = 0; length < good.Length; length += 7)
        {
            Assert.NotNull(Fault(good[..length]));
        }

        for (var at = 0; at < good.Length; at += 5)
        {
            var changed = good.ToArray();
            changed[at] ^= 1;
            Assert.NotNull(Fault(changed));
        }

        Assert.NotNull(Fault([.. good, 0]));
        Assert.Contains("4096", Fault(new byte[EndorsementCertificates.MaxBytes + 1]), StringComparison.Ordinal);
    }

    private static void Spoil(TpmCertificate wanted, string what)
    {
        wanted.End = what == "expired" ? Now.AddDays(-1) : wanted.End;
        wanted.NameType = what == "no maker" ? "2.5.4.3" : wanted.NameType;
        wanted.Usage = what switch { "no usage" => null, "another usage" => "1.3.6.1.5.5.7.3.2", _ => wanted.Usage };
        wanted.KeyUsage = what == "signs" ? X509KeyUsageFlags.DigitalSignature : wanted.KeyUsage;
        wanted.IsAuthority = what == "authority";
        wanted.CriticalExtension = what == "unknown critical extension" ? "1.2.3" : null;
    }

    private string? Fault(byte[] certificate, byte[]? key = null) =>
        certificates.Fault(certificate, Parse(key ?? Key), new TrustAnchors([X509CertificateLoader.LoadCertificate(maker.Root.RawData)]), Now);

    private static TpmPublicArea Parse(byte[] key)
    {
        Assert.True(TpmPublicArea.TryParse(key, out var area, out var fault), fault);
        return area;
    }
}
