using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.Tpm;

namespace Gatehouse.Identity.X509;

/// <summary>Judges the certificate that the maker of a TPM gave its endorsement key: by the certificates of makers that an operator loaded, and nothing else. Nothing is ever fetched.</summary>
/// <remarks>Source: TCG EK Credential Profile for TPM 2.0: tcg-kp-EKCertificate, and an alternative name, critical where there is no subject, that names the TPM's maker.</remarks>
public sealed class EndorsementCertificates(IdentityOptions options)
{
    /// <summary>Bytes of the largest certificate taken, DER; those of TPMs have less than 2,000.</summary>
    public const int MaxBytes = 4096;

    private readonly PathValidator validator = new(options.Paths, CertificatePurpose.EndorsementKey);

    /// <returns>Why it does not speak for this key, for an operator; null when it does.</returns>
    /// <param name="certificate">DER and nothing else.</param>
    /// <param name="endorsementKey">The enrolled one.</param>
    /// <param name="makers">Roots and intermediates; each ends a path.</param>
    /// <param name="now">Time of the judgement.</param>
    public string? Fault(ReadOnlyMemory<byte> certificate, TpmPublicArea endorsementKey, TrustAnchors makers, DateTimeOffset now)
    {
        if (OwnFault(certificate, endorsementKey) is { } fault)
        {
            return fault;
        }

        var finding = validator.Validate(certificate, [], makers, now);
        return finding.Fault is null ? null : finding.Detail.TrimEnd('.');
    }

    /// <returns>Why it is not the certificate of this endorsement key, whoever signed it and whenever; null when it is.</returns>
    /// <param name="certificate">DER and nothing else.</param>
    /// <param name="endorsementKey">The enrolled one.</param>
    public static string? OwnFault(ReadOnlyMemory<byte> certificate, TpmPublicArea endorsementKey)
    {
        ArgumentNullException.ThrowIfNull(endorsementKey);
        if (certificate.Length > MaxBytes)
        {
            return $"it has more than {MaxBytes} bytes";
        }

        // A maker's CA signs more than endorsement keys of TPMs: the usage and the name are not optional here.
        return !ParsedCertificate.TryParse(certificate, out var parsed, out var fault) ? fault
            : !parsed.PublicKey.Span.SequenceEqual(Encode(endorsementKey)) ? "it is the certificate of another key than the enrolled one"
            : parsed.Extensions.ExtendedKeyUsage?.Contains(Oids.EndorsementKeyCertificate) != true ? $"it does not say that it is for an endorsement key (extended key usage tcg-kp-EKCertificate, {Oids.EndorsementKeyCertificate})"
            : !parsed.Extensions.AlternativeNames.Any(NamesMaker) ? $"it does not name the maker of a TPM (directory name with tcg-at-tpmManufacturer, {Oids.TpmManufacturer}, among its alternative names)"
            : null;
    }

    private static bool NamesMaker(GeneralName name) => name.Directory?.Attributes.Any(attribute => attribute is { Oid: Oids.TpmManufacturer, Text.Length: > 0 }) == true;

    // As certificates have it: SubjectPublicKeyInfo, RFC 5280 §4.1.2.7.
    private static byte[] Encode(TpmPublicArea key)
    {
        if (key.Rsa is { } rsa)
        {
            using var made = RSA.Create(new RSAParameters { Modulus = rsa.Modulus.ToByteArray(isUnsigned: true, isBigEndian: true), Exponent = rsa.Exponent.ToByteArray(isUnsigned: true, isBigEndian: true) });
            return made.ExportSubjectPublicKeyInfo();
        }

        using var point = ECDiffieHellman.Create(key.Point);
        return point.ExportSubjectPublicKeyInfo();
    }
}
