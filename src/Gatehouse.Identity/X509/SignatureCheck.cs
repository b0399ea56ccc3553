using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Gatehouse.Identity.X509;

/// <summary>Verifies one certificate's signature with its issuer's key. SHA-2 only: RSA PKCS #1 v1.5, RSASSA-PSS and ECDSA.</summary>
internal static class SignatureCheck
{
    internal const string NotAccepted = "its signature algorithm is not accepted (SHA-2 with RSA or ECDSA is)";

    /// <returns>Why the signature does not count; null when it is good.</returns>
    internal static string? Fault(ParsedCertificate certificate, ParsedCertificate issuer, PathOptions options) =>
        Scheme(certificate.SignatureAlgorithm) is null ? NotAccepted
        : PublicKeyRules.Fault(issuer.PublicKey, options) ?? (IsSignedBy(certificate, issuer) ? null : "another key signed it");

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

    /// <param name="certificate">What was signed.</param>
    /// <param name="issuer">Whose key signed; its key must have passed <see cref="PublicKeyRules"/>.</param>
    private static bool IsSignedBy(ParsedCertificate certificate, ParsedCertificate issuer)
    {
        if (Scheme(certificate.SignatureAlgorithm) is not { } scheme)
        {
            return false;
        }

        try
        {
            return scheme.Padding is { } padding ? VerifyRsa(certificate, issuer, scheme.Hash, padding) : VerifyEcdsa(certificate, issuer, scheme.Hash);
        }
        catch (CryptographicException)
        {
            // A key of the other kind, or a point that is not on its curve.
            return false;
        }
    }

    private static bool VerifyRsa(ParsedCertificate certificate, ParsedCertificate issuer, HashAlgorithmName hash, RSASignaturePadding padding)
    {
        using var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(issuer.PublicKey.Span, out _);
        return key.VerifyData(certificate.Signed.Span, certificate.Signature, hash, padding);
    }

    private static bool VerifyEcdsa(ParsedCertificate certificate, ParsedCertificate issuer, HashAlgorithmName hash)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(issuer.PublicKey.Span, out _);
        return key.VerifyData(certificate.Signed.Span, certificate.Signature, hash, DSASignatureFormat.Rfc3279DerSequence);
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
