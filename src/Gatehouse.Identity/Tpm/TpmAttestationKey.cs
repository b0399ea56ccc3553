using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using static Gatehouse.Identity.Tpm.TpmAlgorithms;

namespace Gatehouse.Identity.Tpm;

/// <summary>
/// A key that signs nothing but what its TPM itself says, and cannot leave it, as the device shows it: TPM2B_PUBLIC of TPM 2.0 Library, part 2 §12.2.5, of a restricted signing key.
/// RSA with 2,048 bits and RSASSA or RSAPSS (salt as long as the digest, as FIPS 186-4 wants it), or P-256 with ECDSA; SHA-256. That its TPM holds it is another matter: <see cref="SealedCredential"/>.
/// </summary>
public sealed class TpmAttestationKey
{
    /// <summary>Bytes of the largest area taken: RSA 2,048 has less than 400.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Bytes of the largest TPMT_SIGNATURE taken.</summary>
    public const int MaxSignatureBytes = 512;

    private const uint NeededAttributes = FixedTpm | FixedParent | SensitiveDataOrigin | Restricted | Sign;
    private const int RsaBits = 2048;
    private const int PointBytes = 32;
    private const uint DefaultExponent = 65537;

    private RSAParameters rsa;
    private ECParameters point;
    private ushort scheme;

    private TpmAttestationKey()
    {
    }

    /// <summary>The name by which a TPM knows the key: its name algorithm and the digest of its public area. Part 1 §16.</summary>
    public ReadOnlyMemory<byte> Name { get; private set; }

    /// <param name="input">TPM2B_PUBLIC and nothing else.</param>
    /// <param name="key">The key.</param>
    /// <param name="fault">Why it is refused, for an operator.</param>
    public static bool TryParse(ReadOnlySpan<byte> input, [NotNullWhen(true)] out TpmAttestationKey? key, out string fault)
    {
        key = null;
        var outer = new TpmReader(input);
        var content = outer.Sized();
        if (input.Length > MaxBytes || outer.IsBroken || !outer.IsAtEnd)
        {
            fault = input.Length > MaxBytes ? $"it has more than {MaxBytes} bytes" : "its size does not agree with its bytes";
            return false;
        }

        var read = new TpmAttestationKey();
        fault = read.Read(content);
        key = fault.Length == 0 ? read : null;
        return key is not null;
    }

    /// <summary>Whether this key has signed these bytes.</summary>
    /// <param name="message">What the TPM signed.</param>
    /// <param name="signature">TPMT_SIGNATURE and nothing else.</param>
    /// <param name="fault">Why not, for an operator.</param>
    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, out string fault)
    {
        var reader = new TpmReader(signature);
        var (algorithm, hash) = (reader.UInt16(), reader.UInt16());
        if (reader.IsBroken || algorithm != scheme || hash != Sha256)
        {
            fault = "the signature is not of the attestation key's scheme with SHA-256";
            return false;
        }

        var first = reader.Sized();
        var second = scheme == EcDsa ? reader.Sized() : default;
        if (signature.Length > MaxSignatureBytes || reader.IsBroken || !reader.IsAtEnd)
        {
            fault = "the signature's size does not agree with its bytes";
            return false;
        }

        var isGood = scheme == EcDsa ? VerifiesPoint(message, first, second) : VerifiesRsa(message, first);
        fault = isGood ? "" : "the attestation key has not signed it";
        return isGood;
    }

    private bool VerifiesRsa(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using var key = RSA.Create(rsa);
        return key.VerifyData(message, signature, HashAlgorithmName.SHA256, scheme == RsaSsa ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
    }

    private bool VerifiesPoint(ReadOnlySpan<byte> message, ReadOnlySpan<byte> r, ReadOnlySpan<byte> s)
    {
        if (r.Length is 0 or > PointBytes || s.Length is 0 or > PointBytes)
        {
            return false;
        }

        Span<byte> pair = stackalloc byte[2 * PointBytes];
        pair.Clear();
        r.CopyTo(pair[(PointBytes - r.Length)..]);
        s.CopyTo(pair[(2 * PointBytes - s.Length)..]);
        using var key = ECDsa.Create(point);
        return key.VerifyData(message, pair, HashAlgorithmName.SHA256);
    }

    private string Read(ReadOnlySpan<byte> content)
    {
        var reader = new TpmReader(content);
        var (type, nameAlgorithm, attributes) = (reader.UInt16(), reader.UInt16(), reader.UInt32());
        if (nameAlgorithm != Sha256)
        {
            return "its name algorithm is not SHA-256";
        }

        if ((attributes & NeededAttributes) != NeededAttributes || (attributes & Decrypt) != 0)
        {
            return "it is no attestation key that was made in its TPM and is bound to it (fixedTPM, fixedParent, sensitiveDataOrigin, restricted, sign and not decrypt)";
        }

        reader.Sized(); // the authorization policy: the TPM's own business
        var (protection, hash) = (0, 0);
        (protection, scheme, hash) = (reader.UInt16(), reader.UInt16(), reader.UInt16());
        if (protection != Null || hash != Sha256)
        {
            return "it does not sign with SHA-256";
        }

        var fault = (type, scheme) switch
        {
            (TpmAlgorithms.Rsa, RsaSsa or RsaPss) => ReadRsa(ref reader),
            (Ecc, EcDsa) => ReadPoint(ref reader),
            _ => "it is neither an RSA key that signs by RSASSA or RSAPSS nor an elliptic one that signs by ECDSA",
        };
        if (reader.IsBroken || (fault.Length == 0 && !reader.IsAtEnd))
        {
            return "its size does not agree with its bytes";
        }

        Name = new TpmWriter().UInt16(Sha256).Raw(SHA256.HashData(content)).Bytes.ToArray();
        return fault;
    }

    private string ReadRsa(ref TpmReader reader)
    {
        var (bits, exponent) = (reader.UInt16(), reader.UInt32());
        var modulus = reader.Sized();
        if (bits != RsaBits || modulus.Length != RsaBits / 8 || (modulus[0] & 0x80) == 0 || (modulus[^1] & 1) == 0)
        {
            return "its RSA modulus is not an odd number of 2048 bits";
        }

        if (exponent is not (0 or DefaultExponent))
        {
            return "its RSA exponent is not 65537";
        }

        rsa = new RSAParameters { Modulus = modulus.ToArray(), Exponent = [1, 0, 1] };
        return "";
    }

    private string ReadPoint(ref TpmReader reader)
    {
        var (curve, derivation) = (reader.UInt16(), reader.UInt16());
        var (x, y) = (reader.Sized().ToArray(), reader.Sized().ToArray());
        if (curve != CurveP256 || derivation != Null || x.Length is 0 or > PointBytes || y.Length is 0 or > PointBytes)
        {
            return "its curve is not P-256, or its point does not fit";
        }

        point = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Padded(x), Y = Padded(y) } };
        try
        {
            // Refuses a point that is not on the curve.
            ECDsa.Create(point).Dispose();
            return "";
        }
        catch (CryptographicException)
        {
            return "its point is not on its curve";
        }
    }

    private static byte[] Padded(byte[] number) => [.. new byte[PointBytes - number.Length], .. number];
}
