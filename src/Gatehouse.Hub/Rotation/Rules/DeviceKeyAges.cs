using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>How old the keys of devices and modules are that have two of their own.</summary>
internal sealed class DeviceKeyAges(Database database) : IAgedKeys
{
    public string Kind => Rotations.DeviceKey;

    public async Task<IReadOnlyList<AgedKeys>> ListAsync(HubName tenant, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync((connection, cancel) => AgeRows.ListDevicesAsync(connection, tenant, madeBefore, PlaceOf(after), null, max, cancel), cancellationToken)).Select(static each => new AgedKeys(each.Name, each.Made))];

    public Task<long> CountAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancel) => AgeRows.CountDevicesAsync(connection, tenant, madeBefore, cancel), cancellationToken);

    public Task<int> NoteFirstSeenAsync(WriteTransaction write, HubName tenant, long now, int max, CancellationToken cancellationToken) => AgeRows.NoteDevicesAsync(write, tenant, now, max, cancellationToken);

    /// <summary>Only those in no open plan, and not held back after a try.</summary>
    internal Task<IReadOnlyList<AgedDevice>> ListFreeAsync(HubName tenant, long madeBefore, AgedDevice? after, HeldTries held, int max, CancellationToken cancellationToken) => database.ReadAsync(
        (connection, cancel) => AgeRows.ListDevicesAsync(connection, tenant, madeBefore, after is null ? null : (after.Made, after.DeviceId, after.ModuleId), held, max, cancel), cancellationToken);

    private static (long Made, string Device, string Module)? PlaceOf(AgedKeys? after) =>
        after is null || !IdentityKey.TryParse(after.Name, out var key) ? null : (after.Made, key.Device.Value, key.Module?.Value ?? "");
}

/// <param name="Now">UTC ticks: tries that end later hold back.</param>
/// <param name="Latest">Unless they end later than any that is made now.</param>
internal readonly record struct HeldTries(long Now, long Latest);

/// <summary>A device or module with keys of some age.</summary>
internal sealed record AgedDevice
{
    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public long Made { get; init; }

    internal string Name => ModuleId.Length == 0 ? DeviceId : $"{DeviceId}/{ModuleId}";
}
