using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>SQL of <c>job_devices</c> (Schema/0010).</summary>
internal static class DeviceJobRows
{
    internal const string Columns = """
        d.hub AS Hub, d.job_id AS JobId, d.device_id AS DeviceId, d.module_id AS ModuleId, d.generation_id AS GenerationId, d.status AS Status, d.attempts AS Attempts, d.next_try AS NextTry,
          d.created AS Created, d.started AS Started, d.ended AS Ended, d.updated AS Updated, d.error_code AS ErrorCode, d.error_description AS ErrorDescription, d.outcome AS Outcome
        """;

    private const string OfJob = "d.hub = @Hub AND d.job_id = @JobId";

    internal static Task InsertAsync(WriteTransaction write, IEnumerable<DeviceJobRow> rows, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO job_devices (hub, job_id, device_id, module_id, generation_id, status, created, updated)
        VALUES (@Hub, @JobId, @DeviceId, @ModuleId, @GenerationId, @Status, @Created, @Updated)
        """,
        rows,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Writes state, tries, times and what came of it.</summary>
    internal static Task UpdateAsync(WriteTransaction write, IEnumerable<DeviceJobRow> rows, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        UPDATE job_devices SET status = @Status, attempts = @Attempts, next_try = @NextTry, started = @Started, ended = @Ended, updated = @Updated,
          error_code = @ErrorCode, error_description = @ErrorDescription, outcome = @Outcome
        WHERE hub = @Hub AND job_id = @JobId AND device_id = @DeviceId AND module_id = @ModuleId
        """,
        rows,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Devices in a state, those first that are due first. The job's row is locked.</summary>
    internal static async Task<IReadOnlyList<DeviceJobRow>> ReadAsync(WriteTransaction write, JobRow job, string status, int limit, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<DeviceJobRow>(new CommandDefinition(
            $"SELECT {Columns} FROM job_devices d WHERE {OfJob} AND d.status = @Status ORDER BY d.next_try, d.device_id, d.module_id LIMIT @Limit",
            new { job.Hub, job.JobId, Status = status, Limit = limit },
            write.Transaction,
            cancellationToken: cancellationToken))];

    /// <summary>These devices, as they stand now. The job's row is locked.</summary>
    internal static async Task<IReadOnlyList<DeviceJobRow>> ReadAsync(WriteTransaction write, SqlDialect dialect, JobRow job, string status, string[] devices, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<DeviceJobRow>(new CommandDefinition(
            $"SELECT {Columns} FROM job_devices d WHERE {OfJob} AND d.status = @Status AND d.device_id {dialect.AnyOf("@Devices")}",
            new { job.Hub, job.JobId, Status = status, Devices = devices },
            write.Transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Devices that wait and may be tried again by now.</summary>
    internal static Task<IReadOnlyList<DeviceJobRow>> FindDueAsync(DbConnection connection, JobRow job, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        FindAsync(connection, job, "", "AND d.next_try <= @Now ORDER BY d.next_try, d.device_id, d.module_id", new { job.Hub, job.JobId, Now = now.UtcTicks, Limit = limit }, cancellationToken);

    /// <summary>Devices that wait and have connected, to whatever node, since they were tried.</summary>
    internal static Task<IReadOnlyList<DeviceJobRow>> FindConnectedAsync(DbConnection connection, JobRow job, int limit, CancellationToken cancellationToken) => FindAsync(
        connection,
        job,
        "JOIN connection_states c ON c.hub = d.hub AND c.device_id = d.device_id AND c.module_id = d.module_id AND c.generation_id = d.generation_id",
        "AND c.is_connected = 1 AND c.state_changed > d.updated",
        new { job.Hub, job.JobId, Limit = limit },
        cancellationToken);

    /// <summary>Those of these devices that wait.</summary>
    internal static Task<IReadOnlyList<DeviceJobRow>> FindWaitingAsync(DbConnection connection, SqlDialect dialect, JobRow job, string[] devices, int limit, CancellationToken cancellationToken) =>
        FindAsync(connection, job, "", $"AND d.device_id {dialect.AnyOf("@Devices")}", new { job.Hub, job.JobId, Devices = devices, Limit = limit }, cancellationToken);

    /// <summary>Removes records of a job that goes; the number that went.</summary>
    internal static Task<int> DeleteSomeAsync(WriteTransaction write, HubName hub, string jobId, int limit, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        DELETE FROM job_devices WHERE hub = @Hub AND job_id = @JobId AND (device_id, module_id) IN (
          SELECT device_id, module_id FROM job_devices WHERE hub = @Hub AND job_id = @JobId LIMIT @Limit
        )
        """,
        new { Hub = hub.Value, JobId = jobId, Limit = limit },
        write.Transaction,
        cancellationToken: cancellationToken));

    private static async Task<IReadOnlyList<DeviceJobRow>> FindAsync(DbConnection connection, JobRow job, string join, string where, object parameters, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<DeviceJobRow>(new CommandDefinition(
            $"SELECT {Columns} FROM job_devices d {join} WHERE {OfJob} AND d.status = 'pending' {where} LIMIT @Limit", parameters, cancellationToken: cancellationToken))];
}
