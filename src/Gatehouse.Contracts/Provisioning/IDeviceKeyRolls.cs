using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>Replaces keys that a provisioning service gave to devices in the hubs of this server. Implemented by the hub's room.</summary>
public interface IDeviceKeyRolls
{
    /// <summary>Gives devices a new key in the place of an old one, where they have that one still; one transaction. Sessions that stand on the old one end, others go on.</summary>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records.</param>
    /// <param name="isPrimary">In which place.</param>
    /// <param name="rolls">At most 200.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    /// <returns>Devices that have the new key now: those that got it, and those that had it. The others are gone, or have another key there, which somebody else gave them.</returns>
    Task<Result<IReadOnlySet<DeviceId>>> RunAsync(HubName hub, string actor, bool isPrimary, IReadOnlyList<DeviceKeyRoll> rolls, CancellationToken cancellationToken);
}

/// <param name="Device">Who.</param>
/// <param name="Old">Base64 of what it may have.</param>
/// <param name="New">Base64 of what it gets.</param>
public sealed record DeviceKeyRoll(DeviceId Device, string Old, string New)
{
    /// <summary>Never the keys.</summary>
    public override string ToString() => $"{Device} ***";
}
