using System.Security.Cryptography;
using static Gatehouse.Contracts.Audit.RefusalReason;
using static Gatehouse.Identity.Tests.X509.PathCase;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>Which keys and signatures are taken.</summary>
internal static class KeyCases
{
    private const string Section = "own: keys";
    private const string Weak = "its signature algorithm is not accepted";

    private static readonly byte[] P192Point = [4, .. new byte[48]];
    private static readonly byte[] P256Point = [4, .. new byte[64]];

    internal static IEnumerable<PathCase> All => [.. DeviceKeys, .. AuthorityKeys, .. Signatures];

    private static IEnumerable<PathCase> DeviceKeys =>
    [
        Leaf("RSA of 1,024 bits", TestKey.Rsa(1024).Info, "RSA key of 1024 bits"),
        Leaf("RSA of 2,040 bits", TestKey.RsaInfo(2040, 1, 0, 1), "RSA key of 2040 bits"),
        Leaf("RSA of 2,047 bits", TestKey.RsaInfo(2047, 1, 0, 1), "RSA key of 2047 bits"),
        Leaf("RSA of 2,048 bits", TestKey.Rsa().Info),
        Leaf("RSA of 2,049 bits", TestKey.RsaInfo(2049, 1, 0, 1), "RSA key of 2049 bits"),
        Leaf("RSA of 8,192 bits", TestKey.RsaInfo(8192, 1, 0, 1)),
        Leaf("RSA of 8,200 bits", TestKey.RsaInfo(8200, 1, 0, 1), "RSA key of 8200 bits"),
        Leaf("RSA with exponent 1", TestKey.RsaInfo(2048, 1), "RSA exponent"),
        Leaf("RSA with exponent 3", TestKey.RsaInfo(2048, 3)),
        Leaf("RSA with an even exponent", TestKey.RsaInfo(2048, 1, 0, 0), "RSA exponent"),
        Leaf("RSA with a negative exponent", TestKey.RsaInfo(2048, 0x81), "RSA exponent"),
        Leaf("RSA with a long exponent", TestKey.RsaInfo(2048, [1, .. new byte[7], 1]), "RSA exponent"),
        Leaf("P-256", TestKey.P256().Info),
        Leaf("P-384", TestKey.Ec(ECCurve.NamedCurves.nistP384).Info),
        Leaf("P-521", TestKey.Ec(ECCurve.NamedCurves.nistP521).Info),
        Leaf("P-192", TestKey.EcInfo("1.2.840.10045.3.1.1", P192Point), "its curve is not one of"),
        Leaf("secp256k1", TestKey.EcInfo("1.3.132.0.10", P256Point), "its curve is not one of"),
        Leaf("brainpoolP256r1", TestKey.EcInfo("1.3.36.3.3.2.8.1.1.7", P256Point), "its curve is not one of"),
        Leaf("P-256 with a compressed point", TestKey.EcInfo(TestKey.P256Curve, [2, .. new byte[32]]), "its point is not of its curve"),
        Leaf("P-256 with a point of P-192", TestKey.EcInfo(TestKey.P256Curve, P192Point), "its point is not of its curve"),
        Leaf("a curve given by parameters", Der.Seq(Der.Seq(Der.Oid(TestKey.EcPublicKey), Der.Seq(Der.Int(1))), Der.Bits(P256Point)), "its curve is not given by name"),
        Leaf("EC without a curve", Der.Seq(Der.Seq(Der.Oid(TestKey.EcPublicKey)), Der.Bits(P256Point)), "its curve is not given by name"),
        Leaf("Ed25519", TestKey.Ed25519Info, "(1.3.101.112) is not accepted"),
        Leaf("DSA", Der.Seq(Der.Seq(Der.Oid("1.2.840.10040.4.1")), Der.Bits(Der.Int(1))), "(1.2.840.10040.4.1) is not accepted"),
        Leaf("a key that is no key", Der.Seq(), "its public key is not well-formed"),
        Leaf("RSA with bytes after the key", Der.Seq(Der.Seq(Der.Oid("1.2.840.113549.1.1.1"), Der.Null), Der.Bits([.. Der.Seq(Der.Int(3), Der.Int(3)), 0])), "its public key is not well-formed"),
    ];

    private static IEnumerable<PathCase> AuthorityKeys =>
    [
        Chain(Section, "CA with RSA of 4,096 bits", middle: r => r with { Key = TestKey.Rsa(4096) }),
        Chain(Section, "CA with P-384 and SHA-384", middle: r => r with { Key = TestKey.Ec(ECCurve.NamedCurves.nistP384, "SHA384") }),
        Chain(Section, "CA with P-521 and SHA-512", middle: r => r with { Key = TestKey.Ec(ECCurve.NamedCurves.nistP521, "SHA512") }),
        Chain(Section, "CA with RSA of 1,024 bits", CertificateNotTrusted, "RSA key of 1024 bits", middle: r => r with { Key = TestKey.Rsa(1024) }),
        Chain(Section, "CA with secp256k1", CertificateNotTrusted, "its curve is not one of", middle: r => r with { Key = TestKey.Ec(ECCurve.CreateFromFriendlyName("secP256k1")) }),
        Chain(Section, "CA with Ed25519", CertificateNotTrusted, "(1.3.101.112) is not accepted", middle: r => r with { KeyInfo = TestKey.Ed25519Info }),
        Chain(Section, "CA whose point is not on its curve", CertificateNotTrusted, "another key signed it", middle: r => r with { KeyInfo = TestKey.EcInfo(TestKey.P256Curve, [4, .. Enumerable.Repeat((byte)7, 64)]) }),
        Chain(Section, "anchor with RSA of 1,024 bits", CertificateNotTrusted, "RSA key of 1024 bits", root: r => r with { Key = TestKey.Rsa(1024) }),
    ];

    private static IEnumerable<PathCase> Signatures =>
    [
        Chain(Section, "RSA with SHA-384", middle: r => r with { Key = TestKey.Rsa(hash: "SHA384") }),
        Chain(Section, "RSA with SHA-512", middle: r => r with { Key = TestKey.Rsa(hash: "SHA512") }),
        Chain(Section, "RSA-PSS with SHA-256", middle: r => r with { Key = TestKey.Pss("SHA256") }),
        Chain(Section, "RSA-PSS with SHA-384", middle: r => r with { Key = TestKey.Pss("SHA384") }),
        Chain(Section, "RSA-PSS with SHA-512", middle: r => r with { Key = TestKey.Pss("SHA512") }),
        Chain("RFC 4055 3.1", "RSA-PSS with the defaults, which are SHA-1", CertificateNotTrusted, Weak, middle: r => r with { Key = TestKey.Pss("SHA256", stateParameters: false) }),
        Chain("RFC 4055 3.1", "RSA-PSS with a salt of 20 octets", CertificateNotTrusted, Weak, middle: r => r with { Key = TestKey.Pss("SHA256", statedSalt: 20) }),
        Chain(Section, "leaf signed with RSA and SHA-1", CertificateNotTrusted, Weak, middle: r => r with { Key = TestKey.Rsa(hash: "SHA1") }),
        Chain(Section, "leaf signed with RSA and MD5", CertificateNotTrusted, Weak, middle: r => r with { Key = TestKey.Rsa(hash: "MD5") }),
        Chain(Section, "leaf signed with ECDSA and SHA-1", CertificateNotTrusted, Weak, middle: r => r with { Key = TestKey.Ec(ECCurve.NamedCurves.nistP256, "SHA1") }),
        Chain(Section, "intermediate signed with SHA-1", CertificateNotTrusted, Weak, root: r => r with { Key = TestKey.Rsa(hash: "SHA1") }),
        new(Section, "anchor whose own signature is SHA-1", OldAnchor),
        Chain("6.1.3 (a)(1)", "signature of the leaf with a flipped bit", CertificateNotTrusted, "another key signed it", leaf: r => r with { ChangeSignature = s => Flip(s, s.Length - 1) }),
        Chain("6.1.3 (a)(1)", "signature of the intermediate with a flipped bit", CertificateNotTrusted, "another key signed it", middle: r => r with { ChangeSignature = s => Flip(s, s.Length - 1) }),
        Chain("6.1.3 (a)(1)", "signed part changed after signing", CertificateNotTrusted, "another key signed it", leaf: r => r with { Serial = Der.Int(0x11, 0x22), ChangeSigned = s => Flip(s, Array.IndexOf(s, (byte)0x22)) }),
        Chain("6.1.3 (a)(1)", "signature that is no signature", CertificateNotTrusted, "another key signed it", leaf: r => r with { ChangeSignature = _ => Der.Bits([1, 2, 3]) }),
        Chain("6.1.3 (a)(1)", "empty signature", CertificateNotTrusted, "another key signed it", leaf: r => r with { ChangeSignature = _ => Der.Bits([]) }),
        Chain("4.1.1.3", "signature that is not whole octets", CertificateInvalid, "signature is not whole octets", leaf: r => r with { ChangeSignature = _ => Der.Bits([0xF0], 4) }),
        Chain("4.1.1.2", "two signature algorithms", CertificateInvalid, "two signature algorithms differ", leaf: r => r with { OuterAlgorithm = Der.Seq(Der.Oid("1.2.840.10045.4.3.3")) }),
        Chain("4.1.1.2", "an RSA signature named at an EC key", CertificateNotTrusted, "another key signed it", leaf: r => r with { InnerAlgorithm = Der.Seq(Der.Oid("1.2.840.113549.1.1.11"), Der.Null) }),
        Chain("4.1.1.2", "an unknown signature algorithm", CertificateNotTrusted, Weak, leaf: r => r with { InnerAlgorithm = Der.Seq(Der.Oid(Extension.UnknownId)) }),
    ];

    private static PathCase Leaf(string name, byte[] info, string? fault = null) =>
        Chain(Section, "device key: " + name, fault is null ? null : CertificateInvalid, fault ?? "", leaf: r => r with { KeyInfo = info });

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] copy = [.. bytes];
        copy[at] ^= 1;
        return copy;
    }

    // What an anchor says of itself is not what it is trusted for.
    private static Shown OldAnchor()
    {
        var key = TestKey.Rsa();
        var old = Recipe.Authority("Root") with { Key = TestKey.Rsa(hash: "SHA1") };
        var root = old.Issue() with { Key = key };
        return new Shown(Recipe.Device(root).Issue(), [], [root]);
    }
}
