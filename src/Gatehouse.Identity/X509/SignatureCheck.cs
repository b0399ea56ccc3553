using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Gatehouse.Identity.X509;

/// <summary>Verifies one certificate's signature with its issuer's key. SHA-2 only: RSA PKCS #1 v1.5, RSASSA-PSS and ECDSA.</summary>
internal static class SignatureCheck
{
    internal const string NotAccepted = "its signature algorithm is not accepted (SHA-2 with RSA or ECDSA is)";

    /// <returns>Why the signature does not count; null when it is good.</returns>
    internal static string? Fault(ParsedCertificate certificate, ParsedCertificate issuer, PathOptions options) =>
        Fault(certificate.Signed, certificate.SignatureAlgorithm, certificate.Signature, issuer.PublicKey, options);

    /// <param name="signed">What was signed.</param>
    /// <param name="algorithm">AlgorithmIdentifier of the signature.</param>
    /// <param name="signature">Signature.</param>
    /// <param name="publicKey">SubjectPublicKeyInfo of whose key signed.</param>
    /// <param name="options">Bounds of keys.</param>
    internal static string? Fault(ReadOnlyMemory<byte> signed, ReadOnlyMemory<byte> algorithm, byte[] signature, ReadOnlyMemory<byte> publicKey, PathOptions options) =>
        Scheme(algorithm) is not { } scheme ? NotAccepted
        : PublicKeyRules.Fault(publicKey, options) ?? (IsSigned(signed.Span, signature, publicKey.Span, scheme.Hash, scheme.Padding) ? null : "another key signed it");

    /// <summary>Hash and padding of an AlgorithmIdentifier; null for what is not accepted (MD5, SHA-1, unknown).</summary>
    internal static (HashAlgorithmName Hash, RSASignaturePadding? Padding)? Scheme(ReadOnlyMemory<byte> algorithmIdentifier)
    {
        try
        {
            var algorithm = new AsnReader(algorithmIdentifier, AsnEncodingRules.DER).ReadSequence();
            return algorithm.ReadObjectIdentifier() switch
            {
                Oids.RsaSha256 => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                Oids.RsaSha384 => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
                Oids.RsaSha512 => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
                Oids.EcdsaSha256 => (HashAlgorithmName.SHA256, null),
                Oids.EcdsaSha384 => (HashAlgorithmName.SHA384, null),
                Oids.EcdsaSha512 => (HashAlgorithmName.SHA512, null),
                Oids.RsaPss when PssHash(algorithm) is { } hash => (hash, RSASignaturePadding.Pss),
                _ => null,
            };
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    // The key must have passed PublicKeyRules.
    private static bool IsSigned(ReadOnlySpan<byte> signed, byte[] signature, ReadOnlySpan<byte> publicKey, HashAlgorithmName hash, RSASignaturePadding? padding)
    {
        try
        {
            if (padding is not null)
            {
                using var rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
                return rsa.VerifyData(signed, signature, hash, padding);
            }

            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(publicKey, out _);
            return ecdsa.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // A key of the other kind, or a point that is not on its curve.
            return false;
        }
    }

    // RFC 4055 §3.1: accepted as every issuer writes it, MGF1 with the same hash and a salt of the hash's length.
    private static HashAlgorithmName? PssHash(AsnReader algorithm)
    {
        var parameters = algorithm.ReadSequence();
        var hashOid = ReadHash(parameters.ReadSequence(Tagged(0)));
        var mask = parameters.ReadSequence(Tagged(1)).ReadSequence();
        var isMgf1 = mask.ReadObjectIdentifier() == Oids.Mgf1 && ReadHash(mask) == hashOid;
        var hasSalt = parameters.ReadSequence(Tagged(2)).TryReadInt32(out var saltBytes);
        var (hash, length) = hashOid switch
        {
            Oids.Sha256 => (HashAlgorithmName.SHA256, 32),
            Oids.Sha384 => (HashAlgorithmName.SHA384, 48),
            Oids.Sha512 => (HashAlgorithmName.SHA512, 64),
            _ => (default, 0),
        };
        return isMgf1 && hasSalt && length != 0 && saltBytes == length && !parameters.HasData ? hash : null;
    }

    private static string ReadHash(AsnReader reader) => reader.ReadSequence().ReadObjectIdentifier();

    private static Asn1Tag Tagged(int value) => new(TagClass.ContextSpecific, value, isConstructed: true);
}
