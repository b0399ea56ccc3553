using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tpm;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Reads the <c>attestation</c> object: one type, its block and no other, keys and certificates that can work.</summary>
internal sealed class AttestationRules(ProvisioningOptions options)
{
    private const int MinKeyBytes = 16;
    private const int MaxKeyBytes = 64;

    internal Result<EnrollmentInput> Read(EnrollmentInput input, AttestationDocument? attestation)
    {
        if (attestation?.Type is null)
        {
            return Invalid("The attestation with its type is missing.");
        }

        var (word, isOneBlock) = attestation.Type.ToUpperInvariant() switch
        {
            "SYMMETRICKEY" => (AttestationType.SymmetricKey, attestation is { Tpm: null, X509: null }),
            "X509" => (AttestationType.X509, attestation is { Tpm: null, SymmetricKey: null, X509: not null }),
            "TPM" => ((AttestationType?)AttestationType.Tpm, attestation is { X509: null, SymmetricKey: null, Tpm: not null }),
            _ => (null, false),
        };
        return word switch
        {
            null => Invalid("The attestation type must be symmetricKey, x509 or tpm."),
            _ when !isOneBlock => Invalid("The attestation must have the block of its type and no other."),
            AttestationType.SymmetricKey => ReadKeys(input, attestation.SymmetricKey ?? new()),
            AttestationType.Tpm => ReadTpm(input, attestation.Tpm!),
            _ => ReadX509(input, attestation.X509!),
        };
    }

    private static Result<EnrollmentInput> ReadKeys(EnrollmentInput input, SymmetricKeyDocument keys)
    {
        var primary = ReadKey(keys.PrimaryKey);
        var secondary = ReadKey(keys.SecondaryKey);
        return primary.IsOk && secondary.IsOk
            ? With(input, AttestationType.SymmetricKey, new(), primary.Value, secondary.Value)
            : primary.Error ?? secondary.Error!;
    }

    private static Result<byte[]?> ReadKey(string? base64)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return (byte[]?)null;
        }

        var key = new byte[MaxKeyBytes + 3];
        return base64.Length <= 2 * MaxKeyBytes && Convert.TryFromBase64String(base64, key, out var length) && length is >= MinKeyBytes and <= MaxKeyBytes
            ? key[..length]
            : Invalid($"A symmetric key must be base64 of {MinKeyBytes} to {MaxKeyBytes} bytes.");
    }

    private static Result<EnrollmentInput> ReadTpm(EnrollmentInput input, TpmDocument tpm)
    {
        var keys = ReadTpmKeys(input, tpm);
        if (!keys.IsOk || string.IsNullOrWhiteSpace(tpm.EndorsementCertificate))
        {
            return keys;
        }

        var certificate = CertificateText.Read(tpm.EndorsementCertificate, EndorsementCertificates.MaxBytes);
        return !certificate.IsOk ? certificate.Error
            : !TpmPublicArea.TryParse(Convert.FromBase64String(tpm.EndorsementKey!), out var key, out _) ? Invalid("The endorsementKey must be base64 of a TPM2B_PUBLIC.")
            : EndorsementCertificates.OwnFault(certificate.Value, key) is { } fault ? Invalid($"The endorsementCertificate cannot be used: {fault}.")
            : With(input, AttestationType.Tpm, keys.Value.Proof with { EndorsementCertificate = Convert.ToBase64String(certificate.Value) });
    }

    private static Result<EnrollmentInput> ReadTpmKeys(EnrollmentInput input, TpmDocument tpm) =>
        input.Key.Kind == EnrollmentKind.Group ? Invalid("An enrollment group cannot attest by TPM.")
        : TpmKeyFault(tpm.EndorsementKey) is { } wrong ? Invalid($"The endorsementKey must be base64 of a TPM2B_PUBLIC: {wrong}.")
        : !string.IsNullOrEmpty(tpm.StorageRootKey) && TpmKeyFault(tpm.StorageRootKey) is { } fault ? Invalid($"The storageRootKey must be base64 of a TPM2B_PUBLIC, or absent: {fault}.")
        : With(input, AttestationType.Tpm, new StoredProof { EndorsementKey = tpm.EndorsementKey, StorageRootKey = string.IsNullOrEmpty(tpm.StorageRootKey) ? null : tpm.StorageRootKey });

    private static string? TpmKeyFault(string? base64)
    {
        Span<byte> key = stackalloc byte[TpmPublicArea.MaxBytes];
        return base64 is not { Length: > 0 } || !Convert.TryFromBase64String(base64, key, out var length) ? "it is none"
            : TpmPublicArea.TryParse(key[..length], out _, out var fault) ? null
            : fault;
    }

    private Result<EnrollmentInput> ReadX509(EnrollmentInput input, X509Document x509)
    {
        var forms = new object?[] { x509.ClientCertificates, x509.SigningCertificates, x509.CaReferences }.Count(each => each is not null);
        return forms != 1 ? Invalid("An X.509 attestation has exactly one of clientCertificates, signingCertificates and caReferences.")
            : input.Key.Kind == EnrollmentKind.Individual && x509.ClientCertificates is null ? Invalid("An individual enrollment attests by clientCertificates.")
            : input.Key.Kind == EnrollmentKind.Group && x509.ClientCertificates is not null ? Invalid("An enrollment group attests by signingCertificates or caReferences.")
            : x509.CaReferences is { } references ? ReadReferences(input, references)
            : ReadPair(input, x509.ClientCertificates ?? x509.SigningCertificates!);
    }

    // Whether they are there, and verified, shows when it is written.
    private static Result<EnrollmentInput> ReadReferences(EnrollmentInput input, CaReferencePair references)
    {
        var (primary, secondary) = (string.IsNullOrEmpty(references.Primary) ? null : references.Primary, string.IsNullOrEmpty(references.Secondary) ? null : references.Secondary);
        return primary is null && secondary is null ? Invalid("The attestation names no CA certificate.")
            : new[] { primary, secondary }.Any(name => name is not null && !EnrollmentKey.IsValid(name)) ? Invalid($"The name of a CA certificate must have {EnrollmentKey.Rule}.")
            : string.Equals(primary, secondary, StringComparison.OrdinalIgnoreCase) ? Invalid("The primary and the secondary CA certificate are the same.")
            : With(input, AttestationType.X509, new StoredProof { CaPrimary = primary, CaSecondary = secondary });
    }

    private Result<EnrollmentInput> ReadPair(EnrollmentInput input, CertificatePair pair)
    {
        var isAuthority = input.Key.Kind == EnrollmentKind.Group;
        var primary = ReadCertificate(pair.Primary, isAuthority);
        var secondary = ReadCertificate(pair.Secondary, isAuthority);
        if (!primary.IsOk || !secondary.IsOk)
        {
            return primary.Error ?? secondary.Error!;
        }

        if (primary.Value is null && pair.Primary?.Info is null && secondary.Value is null && pair.Secondary?.Info is null)
        {
            return Invalid("The attestation has no certificate.");
        }

        return primary.Value is not null && primary.Value == secondary.Value
            ? Invalid("The primary and the secondary certificate are the same.")
            : new EnrollmentInput
            {
                Key = input.Key,
                Name = input.Name,
                Type = AttestationType.X509,
                IsDisabled = input.IsDisabled,
                Settings = input.Settings,
                Proof = isAuthority
                    ? new StoredProof { SigningPrimary = primary.Value, SigningSecondary = secondary.Value }
                    : new StoredProof { ClientPrimary = primary.Value, ClientSecondary = secondary.Value },
                KeptPrimary = primary.Value is null ? pair.Primary?.Info?.Sha256Thumbprint : null,
                KeptSecondary = secondary.Value is null ? pair.Secondary?.Info?.Sha256Thumbprint : null,
            };
    }

    /// <summary>Base64 of the DER; null when there is no certificate.</summary>
    private Result<string?> ReadCertificate(CertificateDocument? document, bool isAuthority)
    {
        if (string.IsNullOrWhiteSpace(document?.Certificate))
        {
            return (string?)null;
        }

        var der = CertificateText.Read(document.Certificate, options.MaxCertificateBytes);
        if (!der.IsOk)
        {
            return der.Error;
        }

        return isAuthority && !AuthorityCertificate.TryRead(der.Value, out _, out var fault)
            ? Invalid($"The certificate cannot sign for devices: {fault}.")
            : Convert.ToBase64String(der.Value);
    }

    private static EnrollmentInput With(EnrollmentInput input, AttestationType type, StoredProof proof, byte[]? primary = null, byte[]? secondary = null) => new()
    {
        Key = input.Key,
        Name = input.Name,
        Type = type,
        IsDisabled = input.IsDisabled,
        Settings = input.Settings,
        Proof = proof,
        PrimaryKey = primary,
        SecondaryKey = secondary,
    };

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);

    internal static string DeviceClaim(string deviceId) => $"device:{deviceId.ToLowerInvariant()}";

    internal static string AuthorityClaim(string name) => $"ca:{name.ToLowerInvariant()}";

    /// <param name="certificate">Base64 of DER.</param>
    internal static string CertificateClaim(string certificate) => $"certificate:{Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(certificate)))}";

    /// <summary>
    /// Claims of others on the CA certificates of a group, by whichever of its two ways they have them: a certificate of its own may be one that another group names, and one that it names
    /// may be another's own, or stand there under a second name. A group that is disabled would not block what the other lets in.
    /// </summary>
    internal static IEnumerable<string> OtherNamesOf(EnrollmentRow row, IReadOnlyList<CaCertificateRow> authorities)
    {
        var proof = row.ReadProof();
        var named = authorities.Where(authority => proof.Authorities.Contains(authority.Id, StringComparer.OrdinalIgnoreCase)).Select(authority => authority.Certificate);
        var certificates = new[] { proof.SigningPrimary, proof.SigningSecondary }.OfType<string>().Concat(named).ToHashSet(StringComparer.Ordinal);
        return certificates.Select(CertificateClaim).Concat(authorities.Where(authority => certificates.Contains(authority.Certificate)).Select(authority => AuthorityClaim(authority.Id)));
    }

    /// <summary>What no other enrollment may hold at the same time.</summary>
    internal static IReadOnlyList<string> ClaimsOf(EnrollmentRow row)
    {
        var proof = row.ReadProof();
        var claims = new[] { proof.ClientPrimary, proof.ClientSecondary, proof.SigningPrimary, proof.SigningSecondary }
            .Where(each => each is not null)
            .Select(each => CertificateClaim(each!))
            .Concat(proof.Authorities.Select(AuthorityClaim))
            .ToList();
        if (proof.EndorsementKey is { } endorsement)
        {
            claims.Add($"endorsement:{Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(endorsement)))}");
        }

        if (row.Key.Kind == EnrollmentKind.Individual)
        {
            claims.Add(DeviceClaim(row.ReadSettings().DeviceId ?? row.Id));
        }

        return claims;
    }
}
