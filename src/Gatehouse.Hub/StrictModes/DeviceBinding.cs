using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.StrictModes;

/// <summary>Where a device, with its modules, must come from.</summary>
/// <param name="Device">Whose it is.</param>
/// <param name="Networks">The ranges; null for anywhere.</param>
public sealed record DeviceBinding(DeviceId Device, NetworkRanges? Networks);

/// <summary>What a change of a binding did, or would do.</summary>
/// <param name="Current">As it is now; after a drill as it would be.</param>
/// <param name="IsChanged">False when it was so before.</param>
public sealed record BindingEffect(DeviceBinding Current, bool IsChanged)
{
    /// <summary>Connections in a list at most.</summary>
    public const int MaxShown = 100;

    /// <summary>Connections of the device and its modules to this node that come from elsewhere, at most <see cref="MaxShown"/>.</summary>
    public IReadOnlyList<BoundConnection> Live { get; init; } = [];

    /// <summary>How many.</summary>
    public int LiveCount { get; init; }

    /// <summary>How many other connections of theirs there were to this node, which stay.</summary>
    public int StayCount { get; init; }

    /// <summary>Why the change is only made when it is forced; null when it need not be.</summary>
    public string? Danger { get; init; }
}

/// <param name="Identity">Device, or device/module.</param>
/// <param name="Address">Where it comes from; null when unknown.</param>
public sealed record BoundConnection(string Identity, IPAddress? Address)
{
    /// <summary>As <see cref="NetworkRanges.Describe"/>; null when unknown.</summary>
    public string? Shown => Address is null ? null : NetworkRanges.Describe(Address);
}
