using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Hub.Certificates;
using Xunit;

namespace Gatehouse.Hub.Tests.Certificates;

public sealed class CertificateInputTests
{
    private const int MaxBytes = 16 * 1024;

    public static TheoryData<string> Forms => ["pem", "base64 of der", "base64 of pem", "pem with openssl's text before it", "base64 with line breaks", "pem with carriage returns"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_certificate_is_read_from_every_form_that_clients_send(string form)
    {
        using var authority = new TestAuthority();
        var text = form switch
        {
            "pem" => authority.Pem,
            "base64 of der" => Convert.ToBase64String(authority.Der),
            "base64 of pem" => Convert.ToBase64String(Encoding.ASCII.GetBytes(authority.Pem)),
            "base64 with line breaks" => Convert.ToBase64String(authority.Der, Base64FormattingOptions.InsertLineBreaks),
            "pem with carriage returns" => authority.Pem.ReplaceLineEndings("\r\n") + "\r\n",
            _ => "Certificate:\n    Data: …\n" + authority.Pem,
        };

        Assert.Equal(authority.Der, CertificateText.Read(text, MaxBytes).Value);
    }

    [Fact]
    public void The_bytes_of_a_pem_or_der_file_are_read()
    {
        using var authority = new TestAuthority();

        Assert.Equal(authority.Der, CertificateText.Read(authority.Der.AsSpan(), MaxBytes).Value);
        Assert.Equal(authority.Der, CertificateText.Read(Encoding.ASCII.GetBytes(authority.Pem).AsSpan(), MaxBytes).Value);
    }

    public static TheoryData<string> BrokenTexts =>
    [
        "nothing", "blank", "null", "not base64", "base64 of words", "wrong label", "a private key beside it", "two certificates", "a broken second block", "end is missing",
        "base64 is broken inside pem", "1 MiB of junk", "1 MiB of base64", "only a private key", "a certificate request", "a block without content", "a broken key before it", "one byte over the limit",
    ];

    [Theory]
    [MemberData(nameof(BrokenTexts))]
    public void A_broken_text_is_refused_with_a_message(string which)
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority("CN=Other");
        var limit = which == "one byte over the limit" ? authority.Der.Length - 1 : MaxBytes;
        var text = which switch
        {
            "nothing" => "",
            "blank" => " \r\n\t",
            "null" => null,
            "not base64" => "certificate!",
            "base64 of words" => Convert.ToBase64String("hello, hub"u8),
            "wrong label" => PemEncoding.WriteString("TRUSTED CERTIFICATE", authority.Der),
            "a private key beside it" => authority.Pem + "\n" + PemEncoding.WriteString("EC PRIVATE KEY", [0x30, 0x00]),
            "two certificates" => authority.Pem + "\n" + other.Pem,
            "a broken second block" => authority.Pem + "\n-----BEGIN CERTIFICATE-----\n",
            "end is missing" => authority.Pem[..^12],
            "base64 is broken inside pem" => "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----",
            "1 MiB of junk" => new string('x', 1 << 20),
            "1 MiB of base64" => Convert.ToBase64String(new byte[768 * 1024]),
            "only a private key" => PemEncoding.WriteString("PRIVATE KEY", [0x30, 0x00]),
            "a broken key before it" => "-----BEGIN PRIVATE KEY-----\nMII!\n-----END PRIVATE KEY-----\n" + authority.Pem,
            "a block without content" => "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "a certificate request" => PemEncoding.WriteString("CERTIFICATE REQUEST", [0x30, 0x00]),
            _ => Convert.ToBase64String(authority.Der),
        };

        var read = CertificateText.Read(text, limit);

        Assert.False(read.IsOk);
        Assert.Equal(400, read.Error.HttpStatus);
    }

    [Fact]
    public void A_certificate_of_exactly_the_limit_is_taken()
    {
        using var authority = new TestAuthority();

        Assert.True(CertificateText.Read(authority.Pem, authority.Der.Length).IsOk);
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA-2048")]
    [InlineData("RSA-3072 SHA-384")]
    [InlineData("raw, no key usage")]
    public void A_good_authority_is_accepted(string which)
    {
        using var key = which switch
        {
            "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "P-521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            "RSA-2048" => RSA.Create(2048),
            "RSA-3072 SHA-384" => RSA.Create(3072),
            _ => (AsymmetricAlgorithm)ECDsa.Create(ECCurve.NamedCurves.nistP256),
        };
        using var authority = new TestAuthority(key: key, hash: which.EndsWith("384", StringComparison.Ordinal) ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256);
        var der = which.StartsWith("raw", StringComparison.Ordinal) ? new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true)] }.Write() : authority.Der;

        var check = CertificateAuthorityRules.Check(der, TestAuthority.Now);

        Assert.True(check.IsOk, check.Error?.Message);
    }

    [Fact]
    public void An_intermediate_authority_is_accepted()
    {
        using var root = new TestAuthority();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = TestAuthority.Request("CN=Inter", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        using var intermediate = request.Create(root.Certificate.SubjectName, root.Generator(), TestAuthority.Now, TestAuthority.Now.AddDays(1), [1]);

        Assert.True(CertificateAuthorityRules.Check(intermediate.RawData, TestAuthority.Now).IsOk);
    }

    [Fact]
    public void The_last_second_of_validity_still_counts_and_the_next_does_not()
    {
        var certificate = new RawCertificate().Write();

        Assert.True(CertificateAuthorityRules.Check(certificate, TestAuthority.Now.AddDays(10)).IsOk);
        Assert.False(CertificateAuthorityRules.Check(certificate, TestAuthority.Now.AddDays(10).AddSeconds(1)).IsOk);
    }

    public static TheoryData<string, string> BrokenAuthorities => new()
    {
        { "leaf", "not a CA" },
        { "ca flag false", "not a CA" },
        { "no extensions", "not a CA" },
        { "key usage without keyCertSign", "key usage" },
        { "expired", "expired" },
        { "ends before it begins", "ends before" },
        { "version 1", "not a version 3" },
        { "version 2", "not a version 3" },
        { "sha-1 signed", "algorithm is not accepted" },
        { "rsa sha-1 signed", "algorithm is not accepted" },
        { "md5 signed", "algorithm is not accepted" },
        { "inner and outer algorithm differ", "signature algorithms differ" },
        { "rsa 1024", "1024 bits" },
        { "rsa exponent 1", "RSA exponent" },
        { "p-192 curve", "curve" },
        { "ed25519 key", "(1.3.101.112) is not accepted" },
        { "broken key", "public key" },
        { "trailing byte", "well-formed" },
        { "cut by one byte", "well-formed" },
        { "empty subject", "names no issuer" },
        { "subject of 4 KiB", "longer than" },
        { "extension twice", "twice" },
        { "unknown critical extension", "not processed here" },
        { "policy constraints, which no path may have", "2.5.29.36" },
        { "for servers only", "extended key usage" },
        { "name constraints that cannot be read", "well-formed" },
        { "empty", "well-formed" },
        { "zeros", "well-formed" },
        { "a key, not a certificate", "well-formed" },
    };

    [Theory]
    [MemberData(nameof(BrokenAuthorities))]
    public void A_certificate_that_cannot_anchor_devices_is_refused_and_the_message_says_why(string which, string expected)
    {
        var check = CertificateAuthorityRules.Check(Broken(which), TestAuthority.Now);

        Assert.False(check.IsOk);
        Assert.Equal(400004, check.Error.Code);
        Assert.Contains(expected, check.Error.Message, StringComparison.Ordinal);
    }

    private static byte[] Broken(string which)
    {
        using var authority = new TestAuthority();
        return which switch
        {
            "leaf" => authority.Issue("CN=leaf"),
            "ca flag false" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(false)] }.Write(),
            "no extensions" => new RawCertificate { Extensions = [] }.Write(),
            "key usage without keyCertSign" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), RawCertificate.KeyUsage(0)] }.Write(),
            "expired" => new RawCertificate { NotAfter = TestAuthority.Now.AddSeconds(-1) }.Write(),
            "ends before it begins" => new RawCertificate { NotBefore = TestAuthority.Now.AddDays(11) }.Write(),
            "version 1" => new RawCertificate { Version = null, Extensions = [] }.Write(),
            "version 2" => new RawCertificate { Version = 1 }.Write(),
            "sha-1 signed" => new RawCertificate { InnerAlgorithm = RawCertificate.EcdsaSha1, OuterAlgorithm = RawCertificate.EcdsaSha1 }.Write(),
            "rsa sha-1 signed" => new RawCertificate { InnerAlgorithm = RawCertificate.RsaSha1, OuterAlgorithm = RawCertificate.RsaSha1 }.Write(),
            "md5 signed" => new RawCertificate { InnerAlgorithm = RawCertificate.RsaMd5, OuterAlgorithm = RawCertificate.RsaMd5 }.Write(),
            "inner and outer algorithm differ" => new RawCertificate { OuterAlgorithm = "1.2.840.10045.4.3.3" }.Write(),
            "rsa 1024" => Rsa1024(),
            "rsa exponent 1" => new RawCertificate { PublicKeyInfo = RsaExponentOne() }.Write(),
            "p-192 curve" => new RawCertificate { PublicKeyInfo = Key("1.2.840.10045.2.1", [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01]) }.Write(),
            "ed25519 key" => new RawCertificate { PublicKeyInfo = Key("1.3.101.112", []) }.Write(),
            "broken key" => new RawCertificate { PublicKeyInfo = Key("1.2.840.113549.1.1.1", [0x05, 0x00]) }.Write(),
            "trailing byte" => [.. authority.Der, 0],
            "cut by one byte" => authority.Der[..^1],
            "empty subject" => new RawCertificate { Subject = [0x30, 0x00] }.Write(),
            "subject of 4 KiB" => new RawCertificate { Subject = new X500DistinguishedName("CN=" + new string('x', 4096)).RawData }.Write(),
            "extension twice" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), RawCertificate.BasicConstraints(true)] }.Write(),
            "unknown critical extension" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), ("1.2.3.4", true, [0x05, 0x00])] }.Write(),
            "policy constraints, which no path may have" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), ("2.5.29.36", true, [0x30, 0x03, 0x80, 0x01, 0x00])] }.Write(),
            "for servers only" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), ("2.5.29.37", false, [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01])] }.Write(),
            "name constraints that cannot be read" => new RawCertificate { Extensions = [RawCertificate.BasicConstraints(true), ("2.5.29.30", true, [0x30, 0x00])] }.Write(),
            "empty" => [],
            "zeros" => new byte[300],
            _ => ((ECDsa)authority.Key).ExportSubjectPublicKeyInfo(),
        };
    }

    private static byte[] Rsa1024()
    {
        using var rsa = RSA.Create(1024);
        using var authority = new TestAuthority(key: rsa);
        return authority.Der;
    }

    private static byte[] RsaExponentOne()
    {
        using var rsa = RSA.Create(2048);
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(rsa.ExportParameters(false).Modulus);
            writer.WriteInteger(1);
        }

        return Key("1.2.840.113549.1.1.1", [0x05, 0x00], writer.Encode());
    }

    private static byte[] Key(string oid, byte[] parameters, byte[]? key = null)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                if (parameters.Length > 0)
                {
                    writer.WriteEncodedValue(parameters);
                }
            }

            writer.WriteBitString(key ?? new byte[49]);
        }

        return writer.Encode();
    }
}
