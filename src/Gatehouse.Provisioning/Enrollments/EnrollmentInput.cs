namespace Gatehouse.Provisioning.Enrollments;

/// <summary>An enrollment that a caller sent, read and found sound as far as it shows without the store.</summary>
internal sealed record EnrollmentInput
{
    public required EnrollmentKey Key { get; init; }

    /// <summary>The id as given.</summary>
    public required string Name { get; init; }

    public required AttestationType Type { get; init; }

    public required bool IsDisabled { get; init; }

    /// <summary>What is stored as settings.</summary>
    public required EnrollmentDocument Settings { get; init; }

    /// <summary>Null where the caller left the key to the service.</summary>
    public byte[]? PrimaryKey { get; init; }

    public byte[]? SecondaryKey { get; init; }

    /// <summary>New certificates and names, and TPM keys.</summary>
    public StoredProof Proof { get; init; } = new();

    /// <summary>Slots of certificates that the caller sent as it had read them, without the certificate: they stay as they are stored.</summary>
    public string? KeptPrimary { get; init; }

    public string? KeptSecondary { get; init; }

    public override string ToString() => $"enrollment {Name} ***";
}
