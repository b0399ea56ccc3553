using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Instances;

/// <summary>SQL of the <c>provisioning_services</c> table.</summary>
internal static class InstanceRows
{
    private const string Select = "SELECT name AS Name, id_scope AS IdScope, host_names AS HostNames, allocation_policy AS AllocationPolicy FROM provisioning_services";

    internal static async Task<IReadOnlyList<ProvisioningInstance>> ReadAllAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition($"{Select} ORDER BY name", cancellationToken: cancellationToken))).Select(row => row.ToInstance())];

    /// <summary>Locks the service's row, where the database can: it orders the writers of the service.</summary>
    internal static async Task<ProvisioningInstance?> LockAsync(WriteTransaction transaction, SqlDialect dialect, HubName name, CancellationToken cancellationToken) =>
        (await transaction.Connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"{Select} WHERE name = @Name{dialect.ForUpdate}", new { Name = name.Value }, transaction.Transaction, cancellationToken: cancellationToken)))?.ToInstance();

    internal static Task InsertAsync(WriteTransaction transaction, ProvisioningInstance instance, DateTimeOffset created, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO provisioning_services (name, id_scope, host_names, allocation_policy, individual_enrollments, created) VALUES (@Name, @IdScope, @HostNames, @AllocationPolicy, 0, @Created)",
            new { Name = instance.Name.Value, instance.IdScope, HostNames = string.Join('\n', instance.HostNames), instance.AllocationPolicy, Created = created.UtcTicks },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateHostNamesAsync(WriteTransaction transaction, ProvisioningInstance instance, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE provisioning_services SET host_names = @HostNames WHERE name = @Name",
            new { Name = instance.Name.Value, HostNames = string.Join('\n', instance.HostNames) },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateAllocationPolicyAsync(WriteTransaction transaction, ProvisioningInstance instance, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE provisioning_services SET allocation_policy = @AllocationPolicy WHERE name = @Name",
            new { Name = instance.Name.Value, instance.AllocationPolicy },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Of a service that is locked.</summary>
    internal static Task<long> CountEnrollmentsAsync(WriteTransaction transaction, HubName service, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT individual_enrollments FROM provisioning_services WHERE name = @Name", new { Name = service.Value }, transaction.Transaction, cancellationToken: cancellationToken));

    internal static Task AddEnrollmentsAsync(WriteTransaction transaction, HubName service, int count, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE provisioning_services SET individual_enrollments = individual_enrollments + @Count WHERE name = @Name",
            new { Name = service.Value, Count = (long)count },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Name { get; init; } = "";

        public string IdScope { get; init; } = "";

        public string HostNames { get; init; } = "";

        public string AllocationPolicy { get; init; } = "";

        internal ProvisioningInstance ToInstance() => new(HubName.Parse(Name), IdScope, HostNames.Split('\n', StringSplitOptions.RemoveEmptyEntries), AllocationPolicy);
    }
}
