using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>A linked hub on the wire.</summary>
/// <remarks>Source: IotHubDefinitionDescription of the service's management API; certificateAuthorities is ours.</remarks>
internal sealed record LinkedHubDocument
{
    /// <summary>Its host name; read-only.</summary>
    public string? Name { get; init; }

    /// <summary>Shown without its key; absent for a hub of this server. Left out in a change, or sent back as it was shown, it stays.</summary>
    public string? ConnectionString { get; init; }

    public string? Location { get; init; }

    public int? AllocationWeight { get; init; }

    public bool? ApplyAllocationPolicy { get; init; }

    /// <summary>PEM of roots that are trusted for it beside the machine's; empty takes them away.</summary>
    public string? CertificateAuthorities { get; init; }

    public string? Etag { get; init; }

    public override string ToString() => $"linked hub {Name} ***";

    internal static LinkedHubDocument Of(LinkedHub hub) => new()
    {
        Name = hub.HostName,
        ConnectionString = hub.ConnectionShown.Length == 0 ? null : hub.ConnectionShown,
        Location = hub.Location,
        AllocationWeight = hub.Weight,
        ApplyAllocationPolicy = hub.Applies,
        CertificateAuthorities = hub.Authorities.Length == 0 ? null : hub.Authorities,
        Etag = EntityTag.Show(hub.Etag),
    };
}

internal sealed record LinkedHubList(IReadOnlyList<LinkedHubDocument> Value);
