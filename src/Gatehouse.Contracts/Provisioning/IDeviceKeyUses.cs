using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>What the hubs of this server know of the keys that a provisioning service gave to devices. Implemented by the hub's room.</summary>
public interface IDeviceKeyUses
{
    /// <summary>Devices that have used one of their two keys as they are now, or are connected by one; others are missing in the answer.</summary>
    /// <param name="hub">Where.</param>
    /// <param name="devices">At most a thousand.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<IReadOnlyDictionary<DeviceId, DeviceKeyUse>> ReadAsync(HubName hub, IReadOnlyCollection<DeviceId> devices, CancellationToken cancellationToken);
}

/// <summary>Use of a device's two keys at its hub.</summary>
/// <param name="PrimaryUsed">Last login, or renewal of a token, by the primary key; null for none.</param>
/// <param name="SecondaryUsed">The same for the secondary key.</param>
/// <param name="ConnectedBy"><c>primaryKey</c> or <c>secondaryKey</c>, by which it is connected now, here or at another node; null when it is not, or by neither.</param>
public sealed record DeviceKeyUse(DateTimeOffset? PrimaryUsed, DateTimeOffset? SecondaryUsed, string? ConnectedBy);
