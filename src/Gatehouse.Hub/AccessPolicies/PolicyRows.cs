using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>SQL of the <c>policies</c> table.</summary>
internal static class PolicyRows
{
    private const string Select = """
        SELECT hub AS Hub, name AS Name, generation_id AS GenerationId, rights AS Rights, primary_key AS PrimaryKey, secondary_key AS SecondaryKey, created AS Created, changed AS Changed,
          primary_made AS PrimaryMade, secondary_made AS SecondaryMade
        FROM policies WHERE hub = @Hub
        """;

    internal static async Task<IReadOnlyList<PolicyRow>> ReadAllAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<PolicyRow>(new CommandDefinition($"{Select} ORDER BY name", new { Hub = hub.Value }, transaction, cancellationToken: cancellationToken))];

    internal static Task InsertAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO policies (hub, name, generation_id, rights, primary_key, secondary_key, created, changed, primary_made, secondary_made)
            VALUES (@Hub, @Name, @GenerationId, @Rights, @PrimaryKey, @SecondaryKey, @Created, @Changed, @PrimaryMade, @SecondaryMade)
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE policies SET rights = @Rights, primary_key = @PrimaryKey, secondary_key = @SecondaryKey, changed = @Changed, primary_made = @PrimaryMade, secondary_made = @SecondaryMade WHERE hub = @Hub AND name = @Name",
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction transaction, PolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM policies WHERE hub = @Hub AND name = @Name", row, transaction.Transaction, cancellationToken: cancellationToken));
}
