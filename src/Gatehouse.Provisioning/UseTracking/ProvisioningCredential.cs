using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>What of a service's credentials is meant.</summary>
/// <remarks>
/// Texts: <c>enrollment-group/{id}/{slot}</c>, <c>enrollment/{id}/{slot}</c> with a slot of <see cref="EnrollmentSlot.Names"/>, <c>provisioning-policy/{name}/primaryKey</c> or <c>secondaryKey</c>.
/// </remarks>
/// <param name="Kind">Whose.</param>
/// <param name="Owner">Id or name, as it was given.</param>
/// <param name="Slot">Which of them.</param>
internal sealed record ProvisioningCredential(OwnerKind Kind, string Owner, string Slot)
{
    private const string Rule = "credential must be enrollment-group/ID/SLOT, enrollment/ID/SLOT or provisioning-policy/NAME/SLOT; SLOT is primaryKey, secondaryKey, primaryCertificate, secondaryCertificate or endorsementKey.";

    /// <summary>ArgumentInvalid says what is allowed.</summary>
    internal static Result<ProvisioningCredential> Parse(string? text) => text?.Split('/') switch
    {
        [var prefix, var owner, var slot] when KindOf(prefix) is { } kind && EnrollmentKey.IsValid(owner) && EnrollmentSlot.Names.Contains(slot) && (kind != OwnerKind.Policy || IsKey(slot)) => new ProvisioningCredential(kind, owner, slot),
        _ => ProvisioningErrors.ArgumentInvalid.With(Rule),
    };

    internal static string TextOf(OwnerKind kind, string owner, string slot) => $"{PrefixOf(kind)}/{owner}/{slot}";

    internal static bool IsKey(string slot) => slot is CredentialName.PrimaryKey or CredentialName.SecondaryKey;

    public override string ToString() => TextOf(Kind, Owner, Slot);

    private static OwnerKind? KindOf(string prefix) => prefix switch
    {
        "enrollment-group" => OwnerKind.Group,
        "enrollment" => OwnerKind.Enrollment,
        "provisioning-policy" => OwnerKind.Policy,
        _ => null,
    };

    private static string PrefixOf(OwnerKind kind) => kind switch
    {
        OwnerKind.Group => "enrollment-group",
        OwnerKind.Enrollment => "enrollment",
        _ => "provisioning-policy",
    };
}

/// <summary>A credential as a service has it now.</summary>
/// <param name="Kind">Whose.</param>
/// <param name="Owner">Id of the enrollment in lower case; name of the policy as it is spelled.</param>
/// <param name="Name">As it is spelled.</param>
/// <param name="Generation">Of the enrollment; empty for policies.</param>
/// <param name="Slot">Which.</param>
internal sealed record KnownCredential(OwnerKind Kind, string Owner, string Name, string Generation, EnrollmentSlot Slot)
{
    internal string Text => ProvisioningCredential.TextOf(Kind, Name, Slot.Name);

    internal static KnownCredential Of(EnrollmentRow row, EnrollmentSlot slot) => new((OwnerKind)row.Kind, row.Id, row.Name, row.GenerationId, slot);

    internal bool IsOf(UseTotal total) => total.Owner == Owner && total.Credential == Slot.Credential && total.Generation == Generation && total.Mark == Slot.Mark;
}
