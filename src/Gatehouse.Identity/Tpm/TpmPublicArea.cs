using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using static Gatehouse.Identity.Tpm.TpmAlgorithms;

namespace Gatehouse.Identity.Tpm;

/// <summary>
/// A storage key that cannot leave its TPM, as the device shows it: an endorsement key or a storage root key. TPM2B_PUBLIC of TPM 2.0 Library, part 2 §12.2.5.
/// RSA with 2,048, 3,072 or 4,096 bits and the curves P-256, P-384 and P-521; protecting with AES in CFB mode.
/// </summary>
public sealed class TpmPublicArea
{
    /// <summary>Bytes of the largest area taken: RSA 4,096 has less than 600.</summary>
    public const int MaxBytes = 1024;

    private const uint DefaultExponent = 65537;
    private const uint NeededAttributes = FixedTpm | FixedParent | Restricted | Decrypt;

    private readonly byte[] bytes;

    private TpmPublicArea(ReadOnlySpan<byte> area) => bytes = area.ToArray();

    /// <summary>The whole TPM2B_PUBLIC.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>The name by which a TPM knows the key: its name algorithm and the digest of its public area. Part 1 §16.</summary>
    public ReadOnlyMemory<byte> Name { get; private set; }

    internal HashAlgorithmName NameHash { get; private set; }

    internal int DigestBytes { get; private set; }

    internal int AesBytes { get; private set; }

    /// <summary>Modulus and exponent of an RSA key; null of an elliptic one.</summary>
    internal (BigInteger Modulus, BigInteger Exponent, int Bytes)? Rsa { get; private set; }

    /// <summary>Curve and point of an elliptic key.</summary>
    internal ECParameters Point { get; private set; }

    /// <param name="input">TPM2B_PUBLIC and nothing else.</param>
    /// <param name="area">The key.</param>
    /// <param name="fault">Why it is refused, for an operator.</param>
    public static bool TryParse(ReadOnlySpan<byte> input, [NotNullWhen(true)] out TpmPublicArea? area, out string fault)
    {
        area = null;
        if (input.Length > MaxBytes)
        {
            fault = $"it has more than {MaxBytes} bytes";
            return false;
        }

        var outer = new TpmReader(input);
        var content = outer.Sized();
        if (outer.IsBroken || !outer.IsAtEnd)
        {
            fault = "its size does not agree with its bytes";
            return false;
        }

        var read = new TpmPublicArea(input);
        fault = read.Read(content);
        area = fault.Length == 0 ? read : null;
        return area is not null;
    }

    private string Read(ReadOnlySpan<byte> content)
    {
        var reader = new TpmReader(content);
        var type = reader.UInt16();
        var fault = ReadNameAlgorithm(reader.UInt16());
        if (fault.Length != 0)
        {
            return fault;
        }

        var attributes = reader.UInt32();
        if ((attributes & NeededAttributes) != NeededAttributes || (attributes & Sign) != 0)
        {
            return "it is no storage key that is bound to its TPM (fixedTPM, fixedParent, restricted, decrypt and not sign)";
        }

        reader.Sized(); // the authorization policy: the TPM's own business
        fault = ReadProtection(ref reader);
        if (fault.Length == 0)
        {
            fault = type switch
            {
                TpmAlgorithms.Rsa => ReadRsa(ref reader),
                Ecc => ReadPoint(ref reader),
                _ => "it is neither an RSA nor an elliptic key",
            };
        }

        if (reader.IsBroken || (fault.Length == 0 && !reader.IsAtEnd))
        {
            return "its size does not agree with its bytes";
        }

        Name = new TpmWriter().Raw(content[2..4]).Raw(CryptographicOperations.HashData(NameHash, content)).Bytes.ToArray();
        return fault;
    }

    private string ReadNameAlgorithm(ushort algorithm)
    {
        (NameHash, DigestBytes) = algorithm switch
        {
            Sha256 => (HashAlgorithmName.SHA256, 32),
            Sha384 => (HashAlgorithmName.SHA384, 48),
            Sha512 => (HashAlgorithmName.SHA512, 64),
            _ => default,
        };
        return DigestBytes == 0 ? "its name algorithm is not SHA-256, SHA-384 or SHA-512" : "";
    }

    private string ReadProtection(ref TpmReader reader)
    {
        var (algorithm, bits, mode) = (reader.UInt16(), reader.UInt16(), reader.UInt16());
        if (algorithm != AesCipher || bits is not (128 or 192 or 256) || mode != Cfb)
        {
            return "it does not protect with AES in CFB mode";
        }

        AesBytes = bits / 8;
        return reader.UInt16() == Null ? "" : "a storage key has no scheme";
    }

    private string ReadRsa(ref TpmReader reader)
    {
        var bits = reader.UInt16();
        var exponent = reader.UInt32();
        var modulus = reader.Sized();
        if (bits is not (2048 or 3072 or 4096) || modulus.Length != bits / 8 || (modulus[0] & 0x80) == 0 || (modulus[^1] & 1) == 0)
        {
            return "its RSA modulus is not an odd number of 2048, 3072 or 4096 bits";
        }

        if (exponent != 0 && (exponent < 3 || (exponent & 1) == 0))
        {
            return "its RSA exponent is not an odd number from 3 on";
        }

        Rsa = (new BigInteger(modulus, isUnsigned: true, isBigEndian: true), exponent == 0 ? DefaultExponent : exponent, modulus.Length);
        return "";
    }

    private string ReadPoint(ref TpmReader reader)
    {
        var curve = reader.UInt16();
        var derivation = reader.UInt16();
        var (x, y) = (reader.Sized().ToArray(), reader.Sized().ToArray());
        var (named, size) = curve switch
        {
            CurveP256 => (ECCurve.NamedCurves.nistP256, 32),
            CurveP384 => (ECCurve.NamedCurves.nistP384, 48),
            CurveP521 => (ECCurve.NamedCurves.nistP521, 66),
            _ => default,
        };
        if (size == 0 || derivation != Null || x.Length is 0 || y.Length is 0 || x.Length > size || y.Length > size)
        {
            return "its curve is not P-256, P-384 or P-521, or its point does not fit";
        }

        Point = new ECParameters { Curve = named, Q = new ECPoint { X = Padded(x, size), Y = Padded(y, size) } };
        try
        {
            // Refuses a point that is not on the curve.
            ECDiffieHellman.Create(Point).Dispose();
            return "";
        }
        catch (CryptographicException)
        {
            return "its point is not on its curve";
        }
    }

    private static byte[] Padded(byte[] number, int size) => [.. new byte[size - number.Length], .. number];
}
