using System.Text.Json;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>A row of <c>enrollments</c>.</summary>
internal sealed record EnrollmentRow
{
    // Read once for each text; a copy with another text reads that.
    private readonly string proof = "";
    private readonly string settings = "";
    private StoredProof? readProof;
    private EnrollmentDocument? readSettings;

    public string Service { get; init; } = "";

    public long Kind { get; init; }

    public string Id { get; init; } = "";

    /// <summary>The id in the case that it was given in.</summary>
    public string Name { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public string Etag { get; init; } = "";

    public long Attestation { get; init; }

    public long IsDisabled { get; init; }

    /// <summary>Sealed under <see cref="Binding"/>; null for certificates. For a TPM: what its nonces are made from, never shown.</summary>
    public byte[]? PrimaryKey { get; init; }

    /// <summary>Null unless the devices prove themselves with keys.</summary>
    public byte[]? SecondaryKey { get; init; }

    /// <summary>JSON of <see cref="StoredProof"/>.</summary>
    public string Proof
    {
        get => proof;
        init => (proof, readProof) = (value, null);
    }

    /// <summary>JSON of an <see cref="EnrollmentDocument"/> without ids, attestation, ETag and times.</summary>
    public string Settings
    {
        get => settings;
        init => (settings, readSettings) = (value, null);
    }

    /// <summary>Id of the credential policy that the settings name; empty for none.</summary>
    public string CredentialPolicy { get; init; } = "";

    public long Created { get; init; }

    public long Changed { get; init; }

    /// <summary>When the primary key was made, UTC ticks; 0 without one, and where that is not known yet.</summary>
    public long PrimaryMade { get; init; }

    public long SecondaryMade { get; init; }

    internal EnrollmentKey Key => new((EnrollmentKind)Kind, Id);

    internal AttestationType Type => (AttestationType)Attestation;

    internal string Binding => $"{Service}/enrollments/{Kind}/{Id}/{GenerationId}/keys";

    internal SealedSecret Primary => new(PrimaryKey!);

    internal SealedSecret Secondary => new(SecondaryKey!);

    internal StoredProof ReadProof() => readProof ??= JsonSerializer.Deserialize(Proof, ProvisioningJson.Own.StoredProof)!;

    internal EnrollmentDocument ReadSettings() => readSettings ??= JsonSerializer.Deserialize(Settings, ProvisioningJson.Own.EnrollmentDocument)!;

    public override string ToString() => $"enrollment {Id} ***";
}

/// <summary>What is kept of an attestation beside keys. Certificates are base64 of DER.</summary>
internal sealed record StoredProof
{
    public string? ClientPrimary { get; init; }

    public string? ClientSecondary { get; init; }

    public string? SigningPrimary { get; init; }

    public string? SigningSecondary { get; init; }

    /// <summary>Name of a CA certificate of the service, as the next.</summary>
    public string? CaPrimary { get; init; }

    public string? CaSecondary { get; init; }

    public string? EndorsementKey { get; init; }

    public string? StorageRootKey { get; init; }

    public string? EndorsementCertificate { get; init; }
    /// <summary>What a TPM must quote; null: nothing.</summary>
    public MeasuredBootPolicy? MeasuredBoot { get; init; }

    internal IEnumerable<string> Authorities => new[] { CaPrimary, CaSecondary }.OfType<string>();
}
