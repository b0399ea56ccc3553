using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Connections;
using Gatehouse.Store;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Answers a provisioning service by which of their two keys its devices come. Who is connected to another node counts by the key that it used last.</summary>
internal sealed class DeviceKeyUses(Database database, UseRecorder recorder, UseWriter writer) : IDeviceKeyUses
{
    public async Task<IReadOnlyDictionary<DeviceId, DeviceKeyUse>> ReadAsync(HubName hub, IReadOnlyCollection<DeviceId> devices, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var names = devices.Select(static each => each.Value).ToArray();
        var (uses, connected) = await database.ReadAsync(
            async (connection, cancel) => (
                await UseRows.ReadDevicesAsync(connection, database.Dialect, hub, names, cancel),
                await ConnectionRows.FindConnectedAsync(connection, database.Dialect, hub, names, cancel)),
            cancellationToken);
        var wanted = devices.ToHashSet();
        var here = recorder.Live(hub)
            .Where(each => each.Principal.Identity is { Module: null } identity && wanted.Contains(identity.Device))
            .ToLookup(static each => each.Principal.Identity!.Value.Device, static each => each.Principal.CredentialName);
        var used = uses.ToLookup(static each => each.Identity!.Value.Device);
        return used.Select(static each => each.Key).Concat(here.Select(static each => each.Key)).Distinct()
            .ToDictionary(static each => each, device => Describe([.. used[device]], here[device], connected.Contains(device.Value)));
    }

    private static DeviceKeyUse Describe(List<CredentialUse> uses, IEnumerable<string?> here, bool isConnected)
    {
        var last = uses.MaxBy(static each => each.LastUsed);
        var by = here.FirstOrDefault(IsKey) ?? (isConnected && last is not null ? last.Credential : null);
        return new DeviceKeyUse(Time(CredentialName.PrimaryKey), Time(CredentialName.SecondaryKey), by is not null && IsKey(by) ? by : null);

        DateTimeOffset? Time(string key) => uses.Find(each => each.Credential == key)?.LastUsed;
    }

    private static bool IsKey(string? credential) => credential is CredentialName.PrimaryKey or CredentialName.SecondaryKey;
}
