using System.Formats.Asn1;
using System.Numerics;

namespace Gatehouse.Identity.X509;

/// <summary>Which public keys are strong enough and cheap enough: RSA of bounded size, and the NIST curves by name.</summary>
/// <remarks>Explicit curve parameters are refused before any library sees them. DSA, P-192 and Ed25519 (which .NET cannot verify) are not accepted.</remarks>
internal static class PublicKeyRules
{
    private const int MaxExponentBytes = 8;
    private const byte UncompressedPoint = 4;

    /// <returns>What is wrong; null for an acceptable key.</returns>
    internal static string? Fault(ReadOnlyMemory<byte> subjectPublicKeyInfo, PathOptions options)
    {
        try
        {
            var info = new AsnReader(subjectPublicKeyInfo, AsnEncodingRules.DER).ReadSequence();
            var algorithm = info.ReadSequence();
            var key = info.ReadBitString(out _);
            info.ThrowIfNotEmpty();
            return algorithm.ReadObjectIdentifier() switch
            {
                Oids.Rsa => RsaFault(key, options),
                Oids.EcPublicKey => CurveFault(algorithm, key),
                var oid => $"its key's algorithm ({oid}) is not accepted",
            };
        }
        catch (AsnContentException)
        {
            return "its public key is not well-formed";
        }
    }

    /// <summary>Kind of a key and its bits; null for one that is not acceptable.</summary>
    internal static (PublicKeyKind Kind, int Bits)? KindOf(ReadOnlyMemory<byte> subjectPublicKeyInfo, PathOptions options)
    {
        if (Fault(subjectPublicKeyInfo, options) is not null)
        {
            return null;
        }

        var info = new AsnReader(subjectPublicKeyInfo, AsnEncodingRules.DER).ReadSequence();
        var algorithm = info.ReadSequence();
        if (algorithm.ReadObjectIdentifier() == Oids.Rsa)
        {
            var modulus = new AsnReader(info.ReadBitString(out _), AsnEncodingRules.DER).ReadSequence().ReadIntegerBytes();
            return (PublicKeyKind.Rsa, (int)new BigInteger(modulus.Span, isBigEndian: true).GetBitLength());
        }

        return algorithm.ReadObjectIdentifier() switch
        {
            Oids.P256 => (PublicKeyKind.P256, 256),
            Oids.P384 => (PublicKeyKind.P384, 384),
            _ => (PublicKeyKind.P521, 521),
        };
    }

    private static string? RsaFault(byte[] key, PathOptions options)
    {
        var reader = new AsnReader(key, AsnEncodingRules.DER);
        var parts = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var modulus = new BigInteger(parts.ReadIntegerBytes().Span, isBigEndian: true);
        var exponent = parts.ReadIntegerBytes();
        parts.ThrowIfNotEmpty();
        var bits = modulus.Sign > 0 ? modulus.GetBitLength() : 0;
        if (bits < options.MinRsaBits || bits > options.MaxRsaBits || bits % 8 != 0 || modulus.IsEven)
        {
            return $"its RSA key of {bits} bits is not accepted ({options.MinRsaBits}–{options.MaxRsaBits}, whole octets)";
        }

        var e = new BigInteger(exponent.Span, isBigEndian: true);
        return exponent.Length > MaxExponentBytes || e < 3 || e.IsEven ? "its RSA exponent is not accepted" : null;
    }

    private static string? CurveFault(AsnReader algorithm, byte[] key)
    {
        if (!algorithm.HasData || !algorithm.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
        {
            return "its curve is not given by name";
        }

        var coordinateBytes = algorithm.ReadObjectIdentifier() switch
        {
            Oids.P256 => 32,
            Oids.P384 => 48,
            Oids.P521 => 66,
            _ => 0,
        };
        algorithm.ThrowIfNotEmpty();
        return coordinateBytes == 0 ? "its curve is not one of P-256, P-384, P-521"
            : key.Length != 1 + (2 * coordinateBytes) || key[0] != UncompressedPoint ? "its point is not of its curve"
            : null;
    }
}
