using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Certificates that a peer sends: an answer for every input, and none but the genuine ones accepted.</summary>
public sealed class CertificateFuzz
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    // A list of names or extensions costs more memory than its bytes, in proportion; a signature check costs a fixed amount.
    private static readonly FuzzOptions Options = new()
    {
        AllocationBytes = 512 * 1024,
        AllocationBytesPerByte = 512,
        Words =
        [
            [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x06, 0x03, 0x55, 0x1D, 0x13], [0x06, 0x03, 0x55, 0x1D, 0x1E], [0x06, 0x03, 0x55, 0x04, 0x03], [0x01, 0x01, 0xFF],
            [0x82, 0x00], [0x31, 0x00], [0x18, 0x0F, .. "99991231235959Z"u8], [0x06, 0x82, 0x01, 0x00], [0x02, 0x01, 0x80], [0xA3, 0x02, 0x30, 0x00],
        ],
    };

    private readonly TrustAnchors anchors;
    private readonly byte[] middle;
    private readonly byte[] leaf;
    private readonly byte[] rsaLeaf;
    private readonly PathValidator validator = new(new PathOptions());

    public CertificateFuzz()
    {
        var (root, rootKey) = Make("CN=Root", null, isAuthority: true);
        var (between, betweenKey) = Make("CN=Middle, O=Contoso", (root, rootKey), isAuthority: true);
        anchors = new TrustAnchors([root]);
        middle = between.RawData;
        leaf = Make("CN=dev1", (between, betweenKey), isAuthority: false).Certificate.RawData;
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=dev1, E=a@example.com", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rsaLeaf = request.Create(between.SubjectName, X509SignatureGenerator.CreateForECDsa(betweenKey), Now.AddDays(-1), Now.AddDays(1), [1, 2, 3]).RawData;
    }

    [Fact]
    public void No_leaf_but_the_genuine_is_accepted() => FuzzRun.Run(
        [leaf, rsaLeaf],
        input =>
        {
            var finding = validator.Validate(input.ToArray(), [middle], anchors, Now);
            Assert.True(finding.Fault is not null || IsSigned(finding.Path[0], leaf) || IsSigned(finding.Path[0], rsaLeaf), "a forged leaf is accepted");
        },
        Options);

    [Fact]
    public void No_intermediate_but_the_genuine_leads_to_the_anchor() => FuzzRun.Run(
        [middle, leaf],
        input =>
        {
            var sent = input.ToArray();
            var finding = validator.Validate(leaf, [sent, sent.AsMemory(0, sent.Length / 2)], anchors, Now);
            Assert.True(finding.Fault is not null || IsSigned(finding.Path[1], middle), "a forged intermediate is accepted");
        },
        Options);

    [Fact]
    public void Whatever_is_sent_as_a_certificate_has_an_outline_or_has_none_and_only_its_own() => FuzzRun.Run(
        [leaf, middle, rsaLeaf],
        input =>
        {
            var bytes = input.ToArray();
            if (CertificateOutline.TryRead(bytes, out var outline))
            {
                Assert.Equal(CertificateMark.Of(bytes), outline.Thumbprint);
                Assert.True(outline.TryMarkIssued(outline.SerialNumber, out _, out _) || outline.SerialNumber.Length is 0 or > 128, outline.SerialNumber);
            }
        },
        Options);

    private static bool IsSigned(ParsedCertificate accepted, byte[] genuine) =>
        ParsedCertificate.TryParse(genuine, out var parsed, out _) && accepted.Signed.Span.SequenceEqual(parsed.Signed.Span);

    private static (X509Certificate2 Certificate, ECDsa Key) Make(string subject, (X509Certificate2 Certificate, ECDsa Key)? issuer, bool isAuthority)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, isAuthority, 3, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (isAuthority)
        {
            // permittedSubtrees: example.com, 10.0.0.0/8 and any directory.
            request.CertificateExtensions.Add(new X509Extension("2.5.29.30", Convert.FromHexString("3023A021300D820B6578616D706C652E636F6D300A87080A000000FF0000003004A4023000"), true));
        }
        else
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("dev1.example.com");
            names.AddIpAddress(System.Net.IPAddress.Parse("10.1.2.3"));
            names.AddUri(new Uri("urn:dev:1"));
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        }

        var (from, to) = (Now.AddDays(-10), Now.AddDays(10));
        return issuer is { } by
            ? (request.Create(by.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(by.Key), from, to, RandomNumberGenerator.GetBytes(8)), key)
            : (request.CreateSelfSigned(from, to), key);
    }
}
