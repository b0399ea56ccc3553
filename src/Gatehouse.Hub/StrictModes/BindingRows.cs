using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.StrictModes;

/// <summary>SQL of where devices must come from: a column of their rows in <c>identities</c>, which goes with the device.</summary>
internal static class BindingRows
{
    /// <summary>Null when there is no such device.</summary>
    internal static async Task<DeviceBinding?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, DeviceId device, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT device_id AS DeviceId, networks AS Networks FROM identities WHERE hub = @hub AND device_id = @device AND module_id = ''",
            new { hub = hub.Value, device = device.Value }, transaction, cancellationToken: cancellationToken));
        return row?.ToBinding();
    }

    /// <summary>Bound devices after a name, in the order of names.</summary>
    internal static async Task<IReadOnlyList<DeviceBinding>> ListAsync(DbConnection connection, HubName hub, string after, int max, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT device_id AS DeviceId, networks AS Networks FROM identities WHERE hub = @hub AND networks IS NOT NULL AND device_id > @after ORDER BY device_id LIMIT @max",
            new { hub = hub.Value, after, max }, cancellationToken: cancellationToken))).Select(row => row.ToBinding())];

    internal static Task SaveAsync(WriteTransaction write, HubName hub, DeviceBinding binding, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE identities SET networks = @networks WHERE hub = @hub AND device_id = @device AND module_id = ''",
        new { hub = hub.Value, device = binding.Device.Value, networks = binding.Networks?.ToString() },
        write.Transaction,
        cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string DeviceId { get; init; } = "";

        public string? Networks { get; init; }

        internal DeviceBinding ToBinding() => new(Contracts.Identities.DeviceId.Parse(DeviceId), Networks is null ? null : NetworkRanges.FromStored(Networks));
    }
}
