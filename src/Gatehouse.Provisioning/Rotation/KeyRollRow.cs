using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>A row of <c>provisioning_key_rolls</c>.</summary>
internal sealed record KeyRollRow
{
    public string Service { get; init; } = "";

    public string RollId { get; init; } = "";

    public long Kind { get; init; }

    public string Enrollment { get; init; } = "";

    public string Generation { get; init; } = "";

    public long IsPrimary { get; init; }

    public byte[] OldKey { get; init; } = [];

    public string Actor { get; init; } = "";

    public string AfterId { get; init; } = "";

    public long Passes { get; init; }

    public long Due { get; init; }

    internal HubName Tenant => HubName.Parse(Service);

    internal EnrollmentKey Key => new((EnrollmentKind)Kind, Enrollment);

    internal SealedSecret Old => new(OldKey);

    public override string ToString() => $"roll {RollId} ***";
}
