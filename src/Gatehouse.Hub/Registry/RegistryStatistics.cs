using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>Numbers of a hub's registry.</summary>
public sealed class RegistryStatistics
{
    private readonly Database database;
    private readonly ConnectionStates connections;

    internal RegistryStatistics(Database database, ConnectionStates connections)
    {
        this.database = database;
        this.connections = connections;
    }

    public async Task<Result<DeviceNumbers>> ReadAsync(HubName hub, CancellationToken cancellationToken)
    {
        var counts = await database.ReadAsync((connection, token) => RegistryCounts.ReadAsync(connection, hub, token), cancellationToken);
        return counts is null ? HubErrors.IotHubNotFound : new DeviceNumbers(counts.Devices, counts.Devices - counts.DisabledDevices, counts.DisabledDevices);
    }

    public long CountConnectedDevices(HubName hub) => connections.CountConnectedDevices(hub);
}

/// <summary>Devices of a hub, modules not counted.</summary>
public sealed record DeviceNumbers(long Total, long Enabled, long Disabled);
