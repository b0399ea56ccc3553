using System.Formats.Asn1;
using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>How a certificate was signed: SHA-256, SHA-384 or SHA-512 with RSA (PKCS #1 or PSS) or ECDSA. MD5 and SHA-1 are refused.</summary>
/// <param name="Hash">Hash of the signed bytes.</param>
/// <param name="RsaPadding">Null for ECDSA.</param>
internal sealed record SignatureScheme(HashAlgorithmName Hash, RSASignaturePadding? RsaPadding)
{
    private const string PssOid = "1.2.840.113549.1.1.10";
    private const string Mgf1Oid = "1.2.840.113549.1.1.8";

    internal static Result<SignatureScheme> Read(ReadOnlyMemory<byte> algorithmIdentifier)
    {
        try
        {
            var algorithm = new AsnReader(algorithmIdentifier, AsnEncodingRules.DER).ReadSequence();
            return algorithm.ReadObjectIdentifier() switch
            {
                "1.2.840.113549.1.1.11" => new SignatureScheme(HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                "1.2.840.113549.1.1.12" => new SignatureScheme(HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
                "1.2.840.113549.1.1.13" => new SignatureScheme(HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
                "1.2.840.10045.4.3.2" => new SignatureScheme(HashAlgorithmName.SHA256, null),
                "1.2.840.10045.4.3.3" => new SignatureScheme(HashAlgorithmName.SHA384, null),
                "1.2.840.10045.4.3.4" => new SignatureScheme(HashAlgorithmName.SHA512, null),
                PssOid => ReadPss(algorithm.ReadSequence()),
                "1.2.840.113549.1.1.4" => CertificateFields.Broken("it is signed with MD5"),
                "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1" or "1.2.840.10040.4.3" => CertificateFields.Broken("it is signed with SHA-1"),
                var other => CertificateFields.Broken($"it is signed with algorithm {other}, which is not taken"),
            };
        }
        catch (AsnContentException)
        {
            return CertificateFields.Broken("its signature algorithm cannot be read");
        }
    }

    // RFC 4055 §3.1: defaults are SHA-1, so hash, mask and salt must all be stated; they must agree, as RFC 8017 recommends.
    private static Result<SignatureScheme> ReadPss(AsnReader parameters)
    {
        var hash = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence().ReadObjectIdentifier();
        var mask = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1)).ReadSequence();
        var maskOid = mask.ReadObjectIdentifier();
        var maskHash = mask.ReadSequence().ReadObjectIdentifier();
        var salt = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 2)).ReadInteger();
        (HashAlgorithmName Name, int Length) known = hash switch
        {
            "2.16.840.1.101.3.4.2.1" => (HashAlgorithmName.SHA256, 32),
            "2.16.840.1.101.3.4.2.2" => (HashAlgorithmName.SHA384, 48),
            "2.16.840.1.101.3.4.2.3" => (HashAlgorithmName.SHA512, 64),
            _ => (default, -1),
        };
        return maskOid == Mgf1Oid && maskHash == hash && salt == known.Length && !parameters.HasData
            ? new SignatureScheme(known.Name, RSASignaturePadding.Pss)
            : CertificateFields.Broken("its RSA-PSS parameters are not taken");
    }
}
