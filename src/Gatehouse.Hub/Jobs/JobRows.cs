using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>SQL of <c>jobs</c> and <c>job_leases</c> (Schema/0010, 0021).</summary>
internal static class JobRows
{
    private const string Columns = """
        hub AS Hub, job_id AS JobId, job_type AS JobType, query_condition AS QueryCondition, parameters AS Parameters, actor AS Actor, status AS Status, created AS Created,
          start_time AS StartTime, max_seconds AS MaxSeconds, started AS Started, ended AS Ended, is_selected AS IsSelected, selected_device AS SelectedDevice, selected_module AS SelectedModule,
          device_count AS DeviceCount, pending_count AS PendingCount, running_count AS RunningCount, succeeded_count AS SucceededCount, failed_count AS FailedCount
        """;

    private const string One = "hub = @Hub AND job_id = @JobId";

    internal static Task<JobRow?> FindAsync(DbConnection connection, HubName hub, string jobId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<JobRow>(new CommandDefinition($"SELECT {Columns} FROM jobs WHERE {One}", new { Hub = hub.Value, JobId = jobId }, cancellationToken: cancellationToken));

    /// <summary>Reads and locks: whoever changes the job or the records of its devices holds this row.</summary>
    internal static Task<JobRow?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName hub, string jobId, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<JobRow>(new CommandDefinition(
            $"SELECT {Columns} FROM jobs WHERE {One}{dialect.ForUpdate}", new { Hub = hub.Value, JobId = jobId }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, JobRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO jobs (hub, job_id, job_type, query_condition, parameters, actor, status, created, start_time, max_seconds)
        VALUES (@Hub, @JobId, @JobType, @QueryCondition, @Parameters, @Actor, @Status, @Created, @StartTime, @MaxSeconds)
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Writes state, times, selection and counts.</summary>
    internal static Task UpdateAsync(WriteTransaction write, JobRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"""
        UPDATE jobs SET status = @Status, started = @Started, ended = @Ended, is_selected = @IsSelected, selected_device = @SelectedDevice, selected_module = @SelectedModule,
          device_count = @DeviceCount, pending_count = @PendingCount, running_count = @RunningCount, succeeded_count = @SucceededCount, failed_count = @FailedCount
        WHERE {One}
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Jobs in one of these states that count against a limit.</summary>
    internal static Task<long> CountAsync(WriteTransaction write, SqlDialect dialect, HubName hub, string[] states, CancellationToken cancellationToken) => write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"SELECT count(*) FROM jobs WHERE hub = @Hub AND status {dialect.AnyOf("@States")}", new { Hub = hub.Value, States = states }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Ids of jobs that run or are due; those that began first come first.</summary>
    internal static async Task<IReadOnlyList<string>> FindDueAsync(DbConnection connection, HubName hub, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            SELECT job_id FROM jobs WHERE hub = @Hub AND status IN ('queued', 'scheduled', 'running') AND start_time <= @Now
            ORDER BY CASE status WHEN 'running' THEN 0 ELSE 1 END, start_time, job_id LIMIT @Limit
            """,
            new { Hub = hub.Value, Now = now.UtcTicks, Limit = limit },
            cancellationToken: cancellationToken))];

    /// <summary>Ids of jobs that were cancelled and have devices that do not know yet.</summary>
    internal static async Task<IReadOnlyList<string>> FindCancelledAsync(DbConnection connection, HubName hub, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT job_id FROM jobs WHERE hub = @Hub AND status = 'cancelled' AND pending_count + running_count > 0 ORDER BY ended, job_id LIMIT @Limit",
            new { Hub = hub.Value, Limit = limit },
            cancellationToken: cancellationToken))];

    /// <summary>Jobs older than a place, newest first.</summary>
    internal static async Task<IReadOnlyList<JobRow>> ListAsync(
        DbConnection connection, HubName hub, string? type, string? status, (long Created, string JobId) before, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<JobRow>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM jobs
            WHERE hub = @Hub AND (CAST(@Type AS TEXT) IS NULL OR job_type = @Type) AND (CAST(@Status AS TEXT) IS NULL OR status = @Status) AND (created, job_id) < (@Created, @JobId)
            ORDER BY created DESC, job_id DESC LIMIT @Limit
            """,
            new { Hub = hub.Value, Type = type, Status = status, before.Created, before.JobId, Limit = limit },
            cancellationToken: cancellationToken))];

    /// <summary>Ended jobs that are too old, too many, or hold too many records of devices; the oldest first.</summary>
    internal static async Task<IReadOnlyList<string>> FindOldAsync(DbConnection connection, HubName hub, long endedBefore, int maxEnded, long maxRecords, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            SELECT job_id FROM (
              SELECT job_id, ended, row_number() OVER newest AS place, sum(device_count) OVER newest AS records FROM jobs
              WHERE hub = @Hub AND status IN ('completed', 'failed', 'cancelled') AND pending_count = 0 AND running_count = 0
              WINDOW newest AS (ORDER BY ended DESC, job_id DESC)
            ) kept WHERE ended < @EndedBefore OR place > @MaxEnded OR records > @MaxRecords ORDER BY ended, job_id LIMIT 100
            """,
            new { Hub = hub.Value, EndedBefore = endedBefore, MaxEnded = maxEnded, MaxRecords = maxRecords },
            cancellationToken: cancellationToken))];

    internal static Task DeleteAsync(WriteTransaction write, HubName hub, string jobId, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition($"DELETE FROM jobs WHERE {One}", new { Hub = hub.Value, JobId = jobId }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>True when this owner holds the hub's lease until then.</summary>
    internal static async Task<bool> LeaseAsync(WriteTransaction write, HubName hub, string owner, long now, long until, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO job_leases (hub, owner, until) VALUES (@Hub, @Owner, @Until)
            ON CONFLICT (hub) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE job_leases.owner = excluded.owner OR job_leases.until < @Now
            """,
            new { Hub = hub.Value, Owner = owner, Now = now, Until = until },
            write.Transaction,
            cancellationToken: cancellationToken)) == 1;

    internal static Task ReleaseAsync(WriteTransaction write, HubName hub, string owner, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM job_leases WHERE hub = @Hub AND owner = @Owner", new { Hub = hub.Value, Owner = owner }, write.Transaction, cancellationToken: cancellationToken));
}
