using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>A hub that a provisioning service may assign devices to.</summary>
/// <param name="HostName">What devices are told.</param>
/// <param name="Hub">The hub of this server behind it; null when it is on another server.</param>
/// <param name="Weight">Share under the hashed policy, 1–1000.</param>
/// <param name="Applies">False: only for enrollments that name it.</param>
internal sealed record LinkedHub(string HostName, HubName? Hub, int Weight, bool Applies)
{
    internal const int DefaultWeight = 1;
    internal const int MaxWeight = 1000;

    /// <summary>Part of the binding of <see cref="Connection"/>.</summary>
    internal string GenerationId { get; init; } = "";

    /// <summary>Sealed connection string; null for a hub of this server.</summary>
    internal SealedSecret? Connection { get; init; }

    /// <summary>The connection string without its key; empty for a hub of this server.</summary>
    internal string ConnectionShown { get; init; } = "";

    /// <summary>PEM of roots that are trusted for it beside the machine's; empty for none.</summary>
    internal string Authorities { get; init; } = "";

    /// <summary>Words of the operator's; nothing depends on them.</summary>
    internal string Location { get; init; } = "";

    internal string Etag { get; init; } = "0";

    internal string BindingOf(HubName service) => $"{service}/linked-hubs/{HostName}/{GenerationId}/connection";

    public override string ToString() => $"linked hub {HostName} ***";
}
