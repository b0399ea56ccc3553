using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Hub.Certificates;
using Xunit;

namespace Gatehouse.Hub.Tests.Certificates;

public sealed class ProofOfPossessionTests
{
    private static readonly string Code = ProofOfPossession.NewCode();

    [Fact]
    public void The_code_is_48_upper_case_hexadecimal_characters_and_new_each_time()
    {
        Assert.Matches("^[0-9A-F]{48}$", Code);
        Assert.NotEqual(Code, ProofOfPossession.NewCode());
    }

    [Theory]
    [InlineData("ec")]
    [InlineData("rsa")]
    [InlineData("rsa-pss")]
    public void A_leaf_that_names_the_code_and_is_signed_by_the_authority_proves_possession(string kind)
    {
        using var authority = kind == "ec" ? new TestAuthority() : new TestAuthority(key: RSA.Create(2048));
        var proof = authority.Issue($"CN={Code}");
        if (kind == "rsa-pss")
        {
            proof = IssuePss(authority);
        }

        Assert.Null(ProofOfPossession.Check(proof, authority.Der, Code, TestAuthority.Now));
    }

    [Fact]
    public void Other_parts_of_the_subject_do_not_matter()
    {
        using var authority = new TestAuthority();

        Assert.Null(ProofOfPossession.Check(authority.Issue($"O=Contoso, CN={Code}, C=DE"), authority.Der, Code, TestAuthority.Now));
    }

    // RFC 5280 §7.1: the path of a device is found by the same comparison.
    [Fact]
    public void Names_are_compared_without_regard_to_case()
    {
        using var authority = new TestAuthority();

        Assert.Null(ProofOfPossession.Check(authority.Issue($"CN={Code}", issuer: new X500DistinguishedName("CN=TEST CA")), authority.Der, Code, TestAuthority.Now));
    }

    public static TheoryData<string, string> Attacks => new()
    {
        { "signed by another authority", "issuer" },
        { "same name, other key", "private key" },
        { "self-signed leaf with the code", "issuer" },
        { "code of another certificate", "verification code" },
        { "code only in the alternative name", "verification code" },
        { "two common names, the first right", "2 common names" },
        { "two common names, the second right", "2 common names" },
        { "two common names in one set", "2 common names" },
        { "no common name", "0 common names" },
        { "lower-case code", "verification code" },
        { "code with a blank after it", "verification code" },
        { "code with more after it", "verification code" },
        { "half the code", "verification code" },
        { "expired", "not now" },
        { "not yet valid", "not now" },
        { "flipped bit in the body", "private key" },
        { "flipped bit in the signature", "private key" },
        { "the authority itself", "verification code" },
        { "trailing bytes", "well-formed" },
        { "junk", "well-formed" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void An_attack_on_the_proof_is_refused(string which, string expected)
    {
        using var authority = new TestAuthority();
        using var twin = new TestAuthority();
        using var other = new TestAuthority("CN=Other CA");
        var proof = which switch
        {
            "signed by another authority" => other.Issue($"CN={Code}"),
            "same name, other key" => twin.Issue($"CN={Code}"),
            "self-signed leaf with the code" => new RawCertificate { Subject = new X500DistinguishedName($"CN={Code}").RawData }.Write(),
            "code of another certificate" => authority.Issue($"CN={ProofOfPossession.NewCode()}"),
            "code only in the alternative name" => authority.Issue("CN=device", alternativeName: Code),
            "two common names, the first right" => authority.Issue($"CN={Code}, CN=device"),
            "two common names, the second right" => authority.Issue($"CN=device, CN={Code}"),
            "two common names in one set" => authority.Issue(TwoInOneSet()),
            "no common name" => authority.Issue($"O={Code}"),
            "lower-case code" => authority.Issue($"CN={Code.ToLowerInvariant()}"),
            "code with a blank after it" => authority.Issue($"CN=\"{Code} \""),
            "code with more after it" => authority.Issue($"CN={Code}0"),
            "half the code" => authority.Issue($"CN={Code[..24]}"),
            "expired" => authority.Issue($"CN={Code}", TestAuthority.Now.AddDays(-3), TestAuthority.Now.AddSeconds(-1)),
            "not yet valid" => authority.Issue($"CN={Code}", TestAuthority.Now.AddSeconds(1)),
            "flipped bit in the body" => Flip(authority.Issue($"CN={Code}"), Code),
            "flipped bit in the signature" => FlipLast(authority.Issue($"CN={Code}")),
            "the authority itself" => authority.Der,
            "trailing bytes" => [.. authority.Issue($"CN={Code}"), 0x30, 0x00],
            _ => RandomNumberGenerator.GetBytes(200).Prepend((byte)0x31).ToArray(),
        };

        var error = ProofOfPossession.Check(proof, authority.Der, Code, TestAuthority.Now);

        Assert.NotNull(error);
        Assert.Equal(400, error.HttpStatus);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Code, error.Message, StringComparison.Ordinal);
    }

    // The serial number is signed but judged by nothing else.
    private static byte[] Flip(byte[] certificate, string code)
    {
        var spot = certificate.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(code)) + code.Length + 4;
        var validKeyByte = certificate.AsSpan(spot).IndexOf((byte)0x04) + spot + 30;
        certificate[validKeyByte] ^= 1;
        return certificate;
    }

    private static X500DistinguishedName TwoInOneSet()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        {
            foreach (var name in new[] { Code, "device" })
            {
                using var part = writer.PushSequence();
                writer.WriteObjectIdentifier("2.5.4.3");
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, name);
            }
        }

        return new X500DistinguishedName(writer.Encode());
    }

    private static byte[] FlipLast(byte[] certificate)
    {
        certificate[^1] ^= 1;
        return certificate;
    }

    private static byte[] IssuePss(TestAuthority authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Code}", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(
            authority.Certificate.SubjectName,
            X509SignatureGenerator.CreateForRSA((RSA)authority.Key, RSASignaturePadding.Pss),
            TestAuthority.Now,
            TestAuthority.Now.AddDays(1),
            [1]);
        return issued.RawData;
    }
}
