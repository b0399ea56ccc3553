using System.Security.Cryptography;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>A key pair with one way of signing.</summary>
/// <param name="Info">SubjectPublicKeyInfo.</param>
/// <param name="Algorithm">AlgorithmIdentifier of its signatures.</param>
/// <param name="Sign">Signs for real.</param>
internal sealed record TestKey(byte[] Info, byte[] Algorithm, Func<byte[], byte[]> Sign)
{
    internal const string EcPublicKey = "1.2.840.10045.2.1";
    internal const string P256Curve = "1.2.840.10045.3.1.7";

    private static readonly Lazy<RSA> SharedRsa = new(() => RSA.Create(2048));

    internal static TestKey P256() => Ec(ECCurve.NamedCurves.nistP256);

    internal static TestKey Ec(ECCurve curve, string hash = "SHA256")
    {
        var key = ECDsa.Create(curve);
        return new TestKey(
            key.ExportSubjectPublicKeyInfo(),
            Der.Seq(Der.Oid(hash switch
            {
                "SHA1" => "1.2.840.10045.4.1",
                "SHA384" => "1.2.840.10045.4.3.3",
                "SHA512" => "1.2.840.10045.4.3.4",
                _ => "1.2.840.10045.4.3.2",
            })),
            text => key.SignData(text, new HashAlgorithmName(hash), DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>2,048 bits, shared by all tests unless another size is asked for.</summary>
    internal static TestKey Rsa(int bits = 2048, string hash = "SHA256")
    {
        var key = bits switch { 2048 => SharedRsa.Value, 4096 => LargeRsa.Of4096Bits(), _ => RSA.Create(bits) };
        var oid = hash switch
        {
            "MD5" => "1.2.840.113549.1.1.4",
            "SHA1" => "1.2.840.113549.1.1.5",
            "SHA384" => "1.2.840.113549.1.1.12",
            "SHA512" => "1.2.840.113549.1.1.13",
            _ => "1.2.840.113549.1.1.11",
        };
        return new TestKey(key.ExportSubjectPublicKeyInfo(), Der.Seq(Der.Oid(oid), Der.Null), text => key.SignData(text, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1));
    }

    /// <summary>RSASSA-PSS with parameters as issuers write them; other salt lengths are stated, not used.</summary>
    internal static TestKey Pss(string hash, byte? statedSalt = null, bool stateParameters = true)
    {
        var (oid, length) = hash switch
        {
            "SHA384" => ("2.16.840.1.101.3.4.2.2", 48),
            "SHA512" => ("2.16.840.1.101.3.4.2.3", 64),
            _ => ("2.16.840.1.101.3.4.2.1", 32),
        };
        var hashId = Der.Seq(Der.Oid(oid), Der.Null);
        var parameters = stateParameters
            ? Der.Seq(Der.Wrapped(0, hashId), Der.Wrapped(1, Der.Seq(Der.Oid("1.2.840.113549.1.1.8"), hashId)), Der.Wrapped(2, Der.Int(statedSalt ?? (byte)length)))
            : Der.Seq();
        return new TestKey(
            SharedRsa.Value.ExportSubjectPublicKeyInfo(),
            Der.Seq(Der.Oid("1.2.840.113549.1.1.10"), parameters),
            text => SharedRsa.Value.SignData(text, new HashAlgorithmName(hash), RSASignaturePadding.Pss));
    }

    /// <summary>A public key that nobody needs to use: it is refused, or only its owner would.</summary>
    internal static byte[] EcInfo(string curve, byte[] point) => Der.Seq(Der.Seq(Der.Oid(EcPublicKey), Der.Oid(curve)), Der.Bits(point));

    internal static byte[] RsaInfo(int bits, params byte[] exponent)
    {
        var modulus = new byte[(bits + 7) / 8];
        RandomNumberGenerator.Fill(modulus);
        var top = (bits - 1) % 8;
        modulus[0] = (byte)((modulus[0] & ((1 << top) - 1)) | (1 << top));
        modulus[^1] |= 1;
        byte[] positive = top == 7 ? [0, .. modulus] : modulus;
        return Der.Seq(Der.Seq(Der.Oid("1.2.840.113549.1.1.1"), Der.Null), Der.Bits(Der.Seq(Der.Int(positive), Der.Int(exponent))));
    }

    internal static byte[] Ed25519Info { get; } = Der.Seq(Der.Seq(Der.Oid("1.3.101.112")), Der.Bits(RandomNumberGenerator.GetBytes(32)));
}
