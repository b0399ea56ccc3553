using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>SQL of <c>rotation_rules</c> (Schema/0042).</summary>
internal static class RuleRows
{
    private const string Select = """
        SELECT hub AS Hub, kind AS Kind, max_age AS MaxAge, quiet AS Quiet, at_latest AS AtLatest, tells AS Tells, canary AS Canary, at_once AS AtOnce, actor AS Actor, changed AS Changed, begun AS Begun,
          message AS Message, owner AS Owner, leased_until AS LeasedUntil
        FROM rotation_rules WHERE hub = @Hub
        """;

    internal static async Task<IReadOnlyList<RuleRow>> ListAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RuleRow>(new CommandDefinition($"{Select} ORDER BY kind", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    internal static Task<RuleRow?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName hub, string kind, CancellationToken cancellationToken) => write.Connection.QuerySingleOrDefaultAsync<RuleRow>(
        new CommandDefinition($"{Select} AND kind = @kind{dialect.ForUpdate}", new { Hub = hub.Value, kind }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Whoever has it by a lease lets go of it: what it was about to do was of the rule before.</summary>
    internal static Task PutAsync(WriteTransaction write, RuleRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO rotation_rules (hub, kind, max_age, quiet, at_latest, tells, canary, at_once, actor, changed, message)
        VALUES (@Hub, @Kind, @MaxAge, @Quiet, @AtLatest, @Tells, @Canary, @AtOnce, @Actor, @Changed, @Message)
        ON CONFLICT (hub, kind) DO UPDATE SET max_age = excluded.max_age, quiet = excluded.quiet, at_latest = excluded.at_latest, tells = excluded.tells, canary = excluded.canary, at_once = excluded.at_once,
          actor = excluded.actor, changed = excluded.changed, message = excluded.message, owner = '', leased_until = 0, begun = 0
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task TakeAsync(WriteTransaction write, RuleRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE rotation_rules SET owner = @Owner, leased_until = @LeasedUntil WHERE hub = @Hub AND kind = @Kind", row, write.Transaction, cancellationToken: cancellationToken));

    internal static Task SayAsync(WriteTransaction write, RuleRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE rotation_rules SET message = @Message WHERE hub = @Hub AND kind = @Kind AND owner = @Owner", row, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>False when this node does not hold it, or it is gone.</summary>
    internal static async Task<bool> NoteBegunAsync(WriteTransaction write, HubName hub, string kind, string owner, long now, CancellationToken cancellationToken) => await write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE rotation_rules SET begun = @now WHERE hub = @hub AND kind = @kind AND owner = @owner", new { hub = hub.Value, kind, owner, now }, write.Transaction, cancellationToken: cancellationToken)) == 1;

    internal static async Task<bool> DeleteAsync(WriteTransaction write, HubName hub, string kind, CancellationToken cancellationToken)
    {
        await write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM rotation_tries WHERE hub = @hub AND kind = @kind", new { hub = hub.Value, kind }, write.Transaction, cancellationToken: cancellationToken));
        return await write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM rotation_rules WHERE hub = @hub AND kind = @kind", new { hub = hub.Value, kind }, write.Transaction, cancellationToken: cancellationToken)) == 1;
    }
}
