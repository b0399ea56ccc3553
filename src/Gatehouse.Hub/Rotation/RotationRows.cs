using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>SQL of <c>rotation_plans</c> (Schema/0035, 0036, 0042).</summary>
internal static class RotationRows
{
    private const string Select = """
        SELECT hub AS Hub, plan_id AS PlanId, kind AS Kind, subject AS Subject, first_key AS FirstKey, actor AS Actor, state AS State, quiet AS Quiet, at_latest AS AtLatest, etag AS ETag,
          created AS Created, started AS Started, renewed AS Renewed, ended AS Ended, watched AS Watched, waited AS Waited, seen_use AS SeenUse, live AS Live, old_was_used AS OldWasUsed, tells AS Tells,
          begins AS Begins, is_first_given AS IsFirstGiven, by_rule AS ByRule,
          message AS Message, owner AS Owner, leased_until AS LeasedUntil
        FROM rotation_plans WHERE hub = @Hub
        """;

    internal static Task<RotationRow?> FindAsync(DbConnection connection, HubName hub, string planId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<RotationRow>(new CommandDefinition($"{Select} AND plan_id = @PlanId", new { Hub = hub.Value, PlanId = planId }, cancellationToken: cancellationToken));

    internal static Task<RotationRow?> FindAsync(WriteTransaction write, HubName hub, string planId, CancellationToken cancellationToken) => write.Connection.QuerySingleOrDefaultAsync<RotationRow>(
        new CommandDefinition($"{Select} AND plan_id = @PlanId", new { Hub = hub.Value, PlanId = planId }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task<RotationRow?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName hub, string planId, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<RotationRow>(new CommandDefinition(
            $"{Select} AND plan_id = @PlanId{dialect.ForUpdate}", new { Hub = hub.Value, PlanId = planId }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>The plan of a subject that has not ended; its hub is locked.</summary>
    internal static Task<string?> FindOpenAsync(WriteTransaction write, RotationRow like, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT plan_id FROM rotation_plans WHERE hub = @Hub AND kind = @Kind AND subject = @Subject AND ended = 0", like, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>An open plan of this kind from the same subject, to it, or on from what it leads to: together they could leave nothing.</summary>
    internal static Task<string?> FindOpenInChainAsync(WriteTransaction write, RotationRow like, CancellationToken cancellationToken) =>
        write.Connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            "SELECT plan_id FROM rotation_plans WHERE hub = @Hub AND kind = @Kind AND (subject IN (@Subject, @FirstKey) OR first_key = @Subject) AND ended = 0 ORDER BY plan_id",
            like,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>The newest first.</summary>
    internal static async Task<IReadOnlyList<RotationRow>> ListAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RotationRow>(new CommandDefinition($"{Select} ORDER BY created DESC, plan_id DESC", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<string>> FindRunningAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT plan_id FROM rotation_plans WHERE hub = @Hub AND ended = 0 AND state IN ('running', 'rolling-back') ORDER BY plan_id", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    /// <summary>Plans whose time has come, the first that had to begin first.</summary>
    internal static async Task<IReadOnlyList<string>> FindDueAsync(DbConnection connection, HubName hub, long now, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT plan_id FROM rotation_plans WHERE hub = @Hub AND state = 'waiting' AND begins <= @now ORDER BY begins, plan_id", new { Hub = hub.Value, now }, cancellationToken: cancellationToken))];

    /// <summary>Open plans of one kind.</summary>
    internal static async Task<IReadOnlyList<RotationRow>> ListOpenAsync(DbConnection connection, HubName hub, string kind, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RotationRow>(new CommandDefinition($"{Select} AND kind = @kind AND ended = 0 ORDER BY plan_id", new { Hub = hub.Value, kind }, cancellationToken: cancellationToken))];

    internal static Task InsertAsync(WriteTransaction write, RotationRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO rotation_plans (hub, plan_id, kind, subject, first_key, actor, state, quiet, at_latest, etag, created, old_was_used, tells, begins, is_first_given, by_rule, message, leased_until)
        VALUES (@Hub, @PlanId, @Kind, @Subject, @FirstKey, @Actor, @State, @Quiet, @AtLatest, @ETag, @Created, @OldWasUsed, @Tells, @Begins, @IsFirstGiven, @ByRule, @Message, @LeasedUntil)
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction write, RotationRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        UPDATE rotation_plans SET first_key = @FirstKey, actor = @Actor, state = @State, etag = @ETag, started = @Started, renewed = @Renewed, ended = @Ended, watched = @Watched, waited = @Waited, seen_use = @SeenUse,
          live = @Live, old_was_used = @OldWasUsed, message = @Message, owner = @Owner, leased_until = @LeasedUntil
        WHERE hub = @Hub AND plan_id = @PlanId
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task<int> DropAsync(WriteTransaction write, RotationRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "DELETE FROM rotation_plans WHERE hub = @Hub AND plan_id = @PlanId", row, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Whether plans are there whose gathering nobody goes on with.</summary>
    internal static async Task<bool> HasUnfinishedAsync(DbConnection connection, DateTimeOffset now, TimeSpan patience, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT COUNT(*) FROM rotation_plans WHERE {Unfinished}", Times(now, patience), cancellationToken: cancellationToken)) > 0;

    internal static Task<int> DropUnfinishedAsync(WriteTransaction write, DateTimeOffset now, TimeSpan patience, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition($"DELETE FROM rotation_plans WHERE {Unfinished}", Times(now, patience), write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Lets go of ended plans beyond the newest of them.</summary>
    internal static Task PruneAsync(WriteTransaction write, HubName hub, int kept, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        DELETE FROM rotation_plans WHERE hub = @Hub AND ended > 0 AND plan_id NOT IN (
          SELECT plan_id FROM rotation_plans WHERE hub = @Hub AND ended > 0 ORDER BY ended DESC, plan_id LIMIT @kept)
        """,
        new { Hub = hub.Value, kept },
        write.Transaction,
        cancellationToken: cancellationToken));

    // A time that is later than any that is given now was given before the clock was set back.
    private const string Unfinished = "state = 'gathering' AND ended = 0 AND (leased_until < @now OR leased_until > @latest)";

    private static object Times(DateTimeOffset now, TimeSpan patience) => new { now = now.UtcTicks, latest = (now + patience).UtcTicks };
}
