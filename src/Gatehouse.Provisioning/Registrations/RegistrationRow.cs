using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>A row of <c>registrations</c>.</summary>
internal sealed record RegistrationRow
{
    public string Service { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>The registration id in the case of its first registration.</summary>
    public string Name { get; init; } = "";

    public long EnrollmentKind { get; init; }

    public string EnrollmentId { get; init; } = "";

    public string OperationId { get; init; } = "";

    public long Status { get; init; }

    public long Substatus { get; init; }

    /// <summary>Empty before the first assignment. A registration that fails later keeps it: the device is still there.</summary>
    public string HostName { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public long ErrorCode { get; init; }

    public string ErrorMessage { get; init; } = "";

    public string Etag { get; init; } = "";

    /// <summary>JSON of <c>Evidence</c>.</summary>
    public string Evidence { get; init; } = "{}";

    public long Created { get; init; }

    public long Changed { get; init; }

    /// <summary>What is known of its measured boot, as the next; written by <c>BootRows</c> only. Empty: never measured.</summary>
    public string BootRound { get; init; } = "";

    /// <summary>JSON of <c>BootState</c>.</summary>
    public string BootState { get; init; } = "{}";

    public long BootDue { get; init; }

    public long BootQuarantined { get; init; }

    public long BootPending { get; init; }

    public long BootTried { get; init; }

    internal RegistrationStatus State => (RegistrationStatus)Status;

    internal EnrollmentKey Enrollment => new((EnrollmentKind)EnrollmentKind, EnrollmentId);

    internal BootState ReadBoot() => JsonSerializer.Deserialize(BootState, ProvisioningJson.Own.BootState)!;

    internal Evidence ReadEvidence() => JsonSerializer.Deserialize(Evidence, ProvisioningJson.Own.Evidence)!;
}

/// <summary>What a device proved when it was assigned last.</summary>
internal sealed record Evidence
{
    public AttestedCertificate? X509 { get; init; }

    public AttestedKey? SymmetricKey { get; init; }

    public AttestedTpm? Tpm { get; init; }

    /// <summary>The certificate that it was issued and that of the CA, base64 of DER; null for none.</summary>
    public IReadOnlyList<string>? IssuedCertificateChain { get; init; }

    /// <summary>Null for a TPM, and in records of before this was kept.</summary>
    public ProvedBy? ProvedBy { get; init; }

    /// <summary>From which keys those of the device in its hub come; null where they are not the enrollment's, and in records of before this was kept.</summary>
    public Sealings? Origin { get; init; }

    /// <summary>What the webhook of its enrollment had for the device; null for nothing.</summary>
    public JsonNode? Payload { get; init; }
}

/// <param name="EnrollmentGroupId">Null for an individual enrollment.</param>
/// <param name="CertificateInfo">The device's certificate.</param>
/// <param name="SigningCertificateInfo">That of its group by which it was recognised.</param>
internal sealed record AttestedCertificate(string? EnrollmentGroupId, Enrollments.CertificateInfo CertificateInfo, Enrollments.CertificateInfo? SigningCertificateInfo);

/// <param name="EnrollmentGroupId">Null for an individual enrollment.</param>
internal sealed record AttestedKey(string? EnrollmentGroupId);

/// <summary>Which of the two keys or certificates of its enrollment a device proved itself by.</summary>
/// <param name="Credential"><c>primary</c> or <c>secondary</c>: the key, or the one that its key was derived from; its certificate, or the CA certificate that its chain led to.</param>
/// <param name="EnrollmentEtag">Version of the enrollment that has it in that place: another may have another there.</param>
internal sealed record ProvedBy(string Credential, string EnrollmentEtag)
{
    private const string Primary = "primary";

    internal bool IsPrimary => Credential == Primary;

    internal static ProvedBy Of(EnrollmentRow enrollment, bool isPrimary) => new(isPrimary ? Primary : "secondary", EntityTag.Show(enrollment.Etag));
}

/// <summary>Which keys an enrollment had: the marks of their sealings (<c>SealedSecret.Mark</c>), which say nothing of the keys.</summary>
internal sealed record Sealings(string Primary, string Secondary)
{
    /// <summary>The registration id as the device spelled it, from which its keys of a group are derived; null for the spelling of the record.</summary>
    public string? Spelling { get; init; }

    internal static Sealings Of(EnrollmentRow enrollment) => new(enrollment.Primary.Mark, enrollment.Secondary.Mark);
}

/// <param name="StorageRootKey">Base64 of the public area.</param>
/// <param name="Nonce">Which nonce proved it; what asks about this registration is signed with the same.</param>
/// <param name="AuthenticationKey">The device's key for its hub, which only its TPM can open, base64; null when it got no hub.</param>
internal sealed record AttestedTpm(string StorageRootKey, string Nonce, string? AuthenticationKey = null);
