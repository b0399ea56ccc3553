using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>SQL of the <c>provisioning_policies</c> table.</summary>
internal static class PolicyRows
{
    private const string Select = """
        SELECT service AS Service, name AS Name, generation_id AS GenerationId, rights AS Rights, primary_key AS PrimaryKey, secondary_key AS SecondaryKey, created AS Created, changed AS Changed,
          primary_made AS PrimaryMade, secondary_made AS SecondaryMade
        FROM provisioning_policies WHERE service = @Service
        """;

    internal static async Task<IReadOnlyList<PolicyRow>> ReadAllAsync(DbConnection connection, HubName service, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<PolicyRow>(new CommandDefinition($"{Select} ORDER BY name", new { Service = service.Value }, transaction, cancellationToken: cancellationToken))];

    internal static Task<PolicyRow?> FindAsync(DbConnection connection, HubName service, string name, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<PolicyRow>(new CommandDefinition($"{Select} AND name = @Name", new { Service = service.Value, Name = name }, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO provisioning_policies (service, name, generation_id, rights, primary_key, secondary_key, created, changed, primary_made, secondary_made)
            VALUES (@Service, @Name, @GenerationId, @Rights, @PrimaryKey, @SecondaryKey, @Created, @Changed, @PrimaryMade, @SecondaryMade)
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE provisioning_policies SET rights = @Rights, primary_key = @PrimaryKey, secondary_key = @SecondaryKey, changed = @Changed, primary_made = @PrimaryMade, secondary_made = @SecondaryMade WHERE service = @Service AND name = @Name",
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM provisioning_policies WHERE service = @Service AND name = @Name", row, transaction.Transaction, cancellationToken: cancellationToken));
}
