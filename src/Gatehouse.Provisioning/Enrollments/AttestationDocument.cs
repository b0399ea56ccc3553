namespace Gatehouse.Provisioning.Enrollments;

/// <summary>The <c>attestation</c> object: its type and exactly one block.</summary>
internal sealed record AttestationDocument
{
    public string? Type { get; init; }

    public TpmDocument? Tpm { get; init; }

    public X509Document? X509 { get; init; }

    public SymmetricKeyDocument? SymmetricKey { get; init; }

    public override string ToString() => $"{Type} ***";
}

/// <summary>Keys in base64; both absent where they are not shown.</summary>
internal sealed record SymmetricKeyDocument(string? PrimaryKey = null, string? SecondaryKey = null)
{
    public override string ToString() => "***";
}

/// <summary>Public areas of the TPM's keys, base64.</summary>
internal sealed record TpmDocument(string? EndorsementKey = null, string? StorageRootKey = null)
{
    /// <summary>What the maker of the TPM says of its endorsement key: PEM or base64 of DER. Not of the service; looked at where <c>tpm-manufacturer-roots</c> is set.</summary>
    public string? EndorsementCertificate { get; init; }
}

/// <summary>Certificates of a device, of what signs its certificate, or names of CA certificates: exactly one of the three.</summary>
internal sealed record X509Document
{
    public CertificatePair? ClientCertificates { get; init; }

    public CertificatePair? SigningCertificates { get; init; }

    public CaReferencePair? CaReferences { get; init; }
}

internal sealed record CertificatePair(CertificateDocument? Primary = null, CertificateDocument? Secondary = null);

/// <param name="Certificate">PEM or base64 of DER; not shown again, except by the attestation mechanism.</param>
/// <param name="Info">Computed.</param>
internal sealed record CertificateDocument(string? Certificate = null, CertificateInfo? Info = null);

internal sealed record CaReferencePair(string? Primary = null, string? Secondary = null);
