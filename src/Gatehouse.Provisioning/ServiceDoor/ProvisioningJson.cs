using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.DeviceDoor;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor.Rotations;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>JSON of the room: its documents on the wire and what is kept of them.</summary>
[JsonSerializable(typeof(EnrollmentDocument))]
[JsonSerializable(typeof(AttestationDocument))]
[JsonSerializable(typeof(StoredProof))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(BootState))]
[JsonSerializable(typeof(AttestationRequestBody))]
[JsonSerializable(typeof(RegistrationDocument))]
[JsonSerializable(typeof(OperationDocument))]
[JsonSerializable(typeof(RegistrationBody))]
[JsonSerializable(typeof(ChallengeDocument))]
[JsonSerializable(typeof(BulkBody))]
[JsonSerializable(typeof(BulkResult))]
[JsonSerializable(typeof(QueryBody))]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(AllocationQuestion))]
[JsonSerializable(typeof(AllocationAnswer))]
[JsonSerializable(typeof(CaCertificateDocument))]
[JsonSerializable(typeof(CaCertificateBody))]
[JsonSerializable(typeof(CaProofBody))]
[JsonSerializable(typeof(CaCertificateList))]
[JsonSerializable(typeof(CredentialPolicyDocument))]
[JsonSerializable(typeof(CredentialPolicyBody))]
[JsonSerializable(typeof(CredentialPolicyList))]
[JsonSerializable(typeof(IssuedCertificateDocument))]
[JsonSerializable(typeof(RevocationBody))]
[JsonSerializable(typeof(IReadOnlyList<IssuedCertificateDocument>), TypeInfoPropertyName = "IssuedCertificateList")]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(PolicyList))]
[JsonSerializable(typeof(RegenerateKeyBody))]
[JsonSerializable(typeof(InstanceDocument))]
[JsonSerializable(typeof(LinkedHubDocument))]
[JsonSerializable(typeof(LinkedHubList))]
[JsonSerializable(typeof(UseSummaryDocument))]
[JsonSerializable(typeof(PlanInput))]
[JsonSerializable(typeof(PlanView))]
[JsonSerializable(typeof(PlanList))]
[JsonSerializable(typeof(InventoryPage))]
[JsonSerializable(typeof(CertificateForecast))]
[JsonSerializable(typeof(AlarmPage))]
[JsonSerializable(typeof(AcknowledgedAlarms))]
[JsonSerializable(typeof(RuleInput))]
[JsonSerializable(typeof(RuleView))]
[JsonSerializable(typeof(RuleList))]
[JsonSerializable(typeof(DueList))]
[JsonSerializable(typeof(UsersDocument))]
[JsonSerializable(typeof(UseListDocument))]
[JsonSerializable(typeof(IReadOnlyList<EnrollmentDocument>), TypeInfoPropertyName = "EnrollmentList")]
[JsonSerializable(typeof(IReadOnlyList<RegistrationDocument>), TypeInfoPropertyName = "RegistrationList")]
internal sealed partial class ProvisioningJson : JsonSerializerContext
{
    internal const string ContentType = "application/json; charset=utf-8";

    // What comes from outside is bounded by this; what is kept of it stands some levels deeper in the documents and lists that show it.
    private const int MaxForeignDepth = 32;

    /// <summary>What comes from outside. camelCase out, any case in, duplicates refused, what is null left out. Base64 stays readable; the answers are never HTML.</summary>
    internal static ProvisioningJson Types { get; } = New(MaxForeignDepth);

    /// <summary>What is kept and told. Deep enough for all that was ever taken in.</summary>
    internal static ProvisioningJson Own { get; } = New(2 * MaxForeignDepth);

    private static ProvisioningJson New(int depth) => new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = depth,
    });
}

/// <summary>What every refused request gets.</summary>
/// <remarks>Source: dps §2.4 of the wire reference.</remarks>
internal sealed record ErrorDocument(int ErrorCode, string TrackingId, string Message, string TimestampUtc);

/// <summary>Body of a query.</summary>
internal sealed record QueryBody(string? Query);

/// <summary>Body of a bulk call; the list is named by kind.</summary>
internal sealed record BulkBody
{
    public string? Mode { get; init; }

    public IReadOnlyList<EnrollmentDocument?>? Enrollments { get; init; }

    public IReadOnlyList<EnrollmentDocument?>? EnrollmentGroups { get; init; }

    public override string ToString() => $"{Mode} ***";
}

internal sealed record BulkResult(bool IsSuccessful, IReadOnlyList<BulkResult.Item> Errors)
{
    internal sealed record Item(string? RegistrationId, string? EnrollmentGroupId, int ErrorCode, string ErrorStatus);
}

/// <summary>Body of a revocation.</summary>
internal sealed record RevocationBody(string? Reason = null);

/// <summary>Body of a request to attest again.</summary>
internal sealed record AttestationRequestBody(int? WithinSeconds = null);
