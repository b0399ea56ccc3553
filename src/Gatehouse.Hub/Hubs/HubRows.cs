using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Store;

namespace Gatehouse.Hub.Hubs;

/// <summary>SQL of the <c>hubs</c> table.</summary>
internal static class HubRows
{
    private const string Select = "SELECT name AS Name, host_names AS HostNames, created AS Created, max_token_seconds AS MaxTokenSeconds, device_authentication AS DeviceAuthentication, device_tokens AS DeviceTokens, device_keys AS DeviceKeys FROM hubs";

    internal static async Task<IReadOnlyList<HubEntry>> ReadAllAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition($"{Select} ORDER BY name", cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToEntry())];
    }

    internal static async Task<HubEntry?> FindAsync(WriteTransaction transaction, SqlDialect dialect, HubName name, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"{Select} WHERE name = @Name{dialect.ForUpdate}", new { Name = name.Value }, transaction.Transaction, cancellationToken: cancellationToken));
        return row?.ToEntry();
    }

    internal static async Task InsertAsync(WriteTransaction transaction, HubEntry hub, DateTimeOffset created, CancellationToken cancellationToken)
    {
        var values = new { Name = hub.Name.Value, HostNames = string.Join('\n', hub.HostNames), Created = created.UtcTicks };
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO hubs (name, host_names, created) VALUES (@Name, @HostNames, @Created)", values, transaction.Transaction, cancellationToken: cancellationToken));
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO registry_counts (hub, devices, disabled_devices, modules) VALUES (@Name, 0, 0, 0)", values, transaction.Transaction, cancellationToken: cancellationToken));
    }

    internal static Task UpdateHostNamesAsync(WriteTransaction transaction, HubEntry hub, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE hubs SET host_names = @HostNames WHERE name = @Name",
            new { Name = hub.Name.Value, HostNames = string.Join('\n', hub.HostNames) },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Name { get; init; } = "";

        public string HostNames { get; init; } = "";

        public long Created { get; init; }

        public long MaxTokenSeconds { get; init; }

        public string DeviceAuthentication { get; init; } = "";

        public string DeviceTokens { get; init; } = "";

        public string DeviceKeys { get; init; } = "";

        internal HubEntry ToEntry() => new(HubName.Parse(Name), HostNames.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Created = new DateTimeOffset(Created, TimeSpan.Zero),
            Strictness = StrictnessRows.Read(MaxTokenSeconds, DeviceAuthentication, DeviceTokens, DeviceKeys),
        };
    }
}
