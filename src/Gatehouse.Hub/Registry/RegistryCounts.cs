using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>How many identities a hub has: a row beside them, so that no count scans a million rows.</summary>
internal sealed class RegistryCounts
{
    private const string Select = "SELECT devices AS Devices, disabled_devices AS DisabledDevices, modules AS Modules FROM registry_counts WHERE hub = @Hub";

    public long Devices { get; set; }

    public long DisabledDevices { get; set; }

    public long Modules { get; set; }

    internal long Identities => Devices + Modules;

    internal static Task<RegistryCounts?> ReadAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<RegistryCounts>(new CommandDefinition(Select, new { Hub = hub.Value }, cancellationToken: cancellationToken));

    /// <summary>Takes the hub's lock: registry writers of one hub go one after the other, so that none meets another half way and none deadlocks.</summary>
    internal static Task<RegistryCounts?> LockAsync(WriteTransaction transaction, SqlDialect dialect, HubName hub, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<RegistryCounts>(new CommandDefinition(
            Select + dialect.ForUpdate, new { Hub = hub.Value }, transaction.Transaction, cancellationToken: cancellationToken));

    internal Task WriteAsync(WriteTransaction transaction, HubName hub, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE registry_counts SET devices = @Devices, disabled_devices = @DisabledDevices, modules = @Modules WHERE hub = @Hub",
            new { Hub = hub.Value, Devices, DisabledDevices, Modules },
            transaction.Transaction,
            cancellationToken: cancellationToken));
}
