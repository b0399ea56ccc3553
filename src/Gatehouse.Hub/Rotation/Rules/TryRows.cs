using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>SQL of <c>rotation_tries</c> (Schema/0042).</summary>
internal static class TryRows
{
    /// <summary>The text by which a device or module is named here.</summary>
    internal const string DeviceSubject = "CASE WHEN {0}.module_id = '' THEN {0}.device_id ELSE {0}.device_id || '/' || {0}.module_id END";

    private const string Replace = " ON CONFLICT (hub, kind, subject) DO UPDATE SET tried = excluded.tried, retry = excluded.retry, is_left_out = excluded.is_left_out, reason = excluded.reason";

    internal static Task AddAsync(WriteTransaction write, IReadOnlyList<TryRow> rows, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"INSERT INTO rotation_tries (hub, kind, subject, tried, retry, is_left_out, reason) VALUES (@Hub, @Kind, @Subject, @Tried, @Retry, @IsLeftOut, @Reason){Replace}",
        rows,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>All open members of a plan.</summary>
    internal static Task AddMembersAsync(WriteTransaction write, RotationRow plan, long retry, string reason, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"""
        INSERT INTO rotation_tries (hub, kind, subject, tried, retry, is_left_out, reason)
        SELECT m.hub, @Kind, {Subject("m")}, @Created, @retry, 0, @reason FROM rotation_members m WHERE m.hub = @Hub AND m.plan_id = @PlanId AND m.is_open = 1{Replace}
        """,
        new { plan.Hub, plan.Kind, plan.PlanId, plan.Created, retry, reason },
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Those that are not to be tried yet. A time that is later than any that is given now was given before the clock was set back.</summary>
    internal static async Task<IReadOnlyList<string>> ListHeldAsync(DbConnection connection, HubName hub, string kind, long now, long latest, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT subject FROM rotation_tries WHERE hub = @hub AND kind = @kind AND retry > @now AND retry <= @latest", new { hub = hub.Value, kind, now, latest }, cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<TryRow>> FindAsync(DbConnection connection, SqlDialect dialect, HubName hub, string kind, IReadOnlyList<string> subjects, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<TryRow>(new CommandDefinition(
            $"""
            SELECT hub AS Hub, kind AS Kind, subject AS Subject, tried AS Tried, retry AS Retry, is_left_out AS IsLeftOut, reason AS Reason
            FROM rotation_tries WHERE hub = @hub AND kind = @kind AND subject {dialect.AnyOf("@subjects")}
            """,
            new { hub = hub.Value, kind, subjects = subjects.ToArray() },
            cancellationToken: cancellationToken))];

    /// <summary>Lets go of what was to be tried again long ago: it is not too old any more, or it is gone.</summary>
    internal static Task<int> PruneAsync(WriteTransaction write, HubName hub, string kind, long before, int max, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        DELETE FROM rotation_tries WHERE hub = @hub AND kind = @kind AND subject IN (
          SELECT subject FROM rotation_tries WHERE hub = @hub AND kind = @kind AND retry < @before LIMIT @max)
        """,
        new { hub = hub.Value, kind, before, max },
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static string Subject(string of) => DeviceSubject.Replace("{0}", of, StringComparison.Ordinal);
}
