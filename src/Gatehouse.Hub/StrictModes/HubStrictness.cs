using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.StrictModes;

/// <summary>What a hub asks of proofs, as it is stored.</summary>
/// <param name="Strictness">That.</param>
/// <param name="Counter">How often it was changed.</param>
public sealed record HubStrictness(Strictness Strictness, long Counter)
{
    /// <summary>Without quotes.</summary>
    public string ETag => ETags.Format(Counter);

    /// <summary>Devices and modules of which a key is stored though the hub derives keys; null where it does not.</summary>
    public long? StoredKeyCount { get; init; }
}

/// <summary>What shall change; null leaves a part as it is.</summary>
public sealed record StrictnessChange
{
    /// <summary>Of <see cref="Strictness.MaxTokenSeconds"/>: 600–31,536,000, or 0 for no limit.</summary>
    public long? MaxTokenLifetimeSeconds { get; init; }

    /// <summary><c>any</c> or <c>x509</c>.</summary>
    public string? DeviceAuthentication { get; init; }

    /// <summary><c>any</c> or <c>own</c>.</summary>
    public string? DeviceTokens { get; init; }

    /// <summary><c>stored</c> or <c>derived</c>.</summary>
    public string? DeviceKeys { get; init; }
}

/// <summary>What a change did, or would do.</summary>
/// <param name="Current">As it is now; after a drill as it would be, with the ETag of today.</param>
/// <param name="IsChanged">False when it was so before.</param>
public sealed record StrictnessEffect(HubStrictness Current, bool IsChanged)
{
    /// <summary>Names in a list at most.</summary>
    public const int MaxShown = 100;

    /// <summary>Enabled devices and modules that are registered with keys and could no longer prove themselves.</summary>
    public long RegisteredCount { get; init; }

    /// <summary>The first of them, at most <see cref="MaxShown"/>.</summary>
    public IReadOnlyList<string> Registered { get; init; } = [];

    /// <summary>Enabled devices and modules that are registered with certificates.</summary>
    public long RemainingCount { get; init; }

    /// <summary>Devices and modules of which a key is stored, where keys are to be derived: they go on, and get derived keys when theirs are regenerated.</summary>
    public long StoredCount { get; init; }

    /// <summary>The first of them, at most <see cref="MaxShown"/>.</summary>
    public IReadOnlyList<string> Stored { get; init; } = [];

    /// <summary>Who was connected to this node by a token that is no longer taken: devices, modules, and policies of back ends as <c>policy/{name}</c>; at most <see cref="MaxShown"/>.</summary>
    public IReadOnlyList<string> Live { get; init; } = [];

    /// <summary>How many.</summary>
    public int LiveCount { get; init; }

    /// <summary>How many others were connected to this node, and stay.</summary>
    public int StayCount { get; init; }

    /// <summary>Why the change is only made when it is forced; null when it need not be.</summary>
    public string? Danger { get; init; }
}
