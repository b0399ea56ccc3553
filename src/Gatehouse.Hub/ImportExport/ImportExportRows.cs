using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.ImportExport;

/// <summary>SQL of <c>registry_jobs</c> and <c>registry_job_errors</c> (Schema/0010, 0021, 0022).</summary>
internal static class ImportExportRows
{
    private const string Select = """
        SELECT hub AS Hub, job_id AS JobId, job_type AS JobType, status AS Status, actor AS Actor, settings AS Settings, containers AS Containers, created AS Created, started AS Started,
          ended AS Ended, progress AS Progress, failure_reason AS FailureReason, input_part AS InputPart, input_etag AS InputEtag, input_bytes AS InputBytes, input_lines AS InputLines, errors AS Errors
        FROM registry_jobs WHERE hub = @Hub
        """;

    private const string One = "hub = @Hub AND job_id = @JobId";

    internal static Task<ImportExportRow?> FindAsync(DbConnection connection, HubName hub, string jobId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<ImportExportRow>(new CommandDefinition($"{Select} AND job_id = @JobId", new { Hub = hub.Value, JobId = jobId }, cancellationToken: cancellationToken));

    internal static Task<ImportExportRow?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName hub, string jobId, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<ImportExportRow>(new CommandDefinition(
            $"{Select} AND job_id = @JobId{dialect.ForUpdate}", new { Hub = hub.Value, JobId = jobId }, write.Transaction, cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<ImportExportRow>> ListAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ImportExportRow>(new CommandDefinition($"{Select} ORDER BY created DESC, job_id DESC", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<string>> FindActiveAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT job_id FROM registry_jobs WHERE hub = @Hub AND status IN ('enqueued', 'running') ORDER BY created, job_id", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    internal static Task<long> CountActiveAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) => write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
        "SELECT count(*) FROM registry_jobs WHERE hub = @Hub AND status IN ('enqueued', 'running')", new { Hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, ImportExportRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO registry_jobs (hub, job_id, job_type, status, actor, settings, containers, created)
        VALUES (@Hub, @JobId, @JobType, @Status, @Actor, @Settings, @Containers, @Created)
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction write, ImportExportRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"""
        UPDATE registry_jobs SET status = @Status, containers = @Containers, started = @Started, ended = @Ended, progress = @Progress, failure_reason = @FailureReason,
          input_part = @InputPart, input_etag = @InputEtag, input_bytes = @InputBytes, input_lines = @InputLines, errors = @Errors
        WHERE {One}
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task AddErrorsAsync(WriteTransaction write, ImportExportRow row, IEnumerable<LineError> errors, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "INSERT INTO registry_job_errors (hub, job_id, line, error) VALUES (@Hub, @JobId, @Line, @Json)",
        errors.Select(error => new { row.Hub, row.JobId, error.Line, error.Json }),
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<LineError>> ReadErrorsAsync(DbConnection connection, ImportExportRow row, long after, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<LineError>(new CommandDefinition(
            "SELECT line AS Line, error AS Json FROM registry_job_errors WHERE hub = @Hub AND job_id = @JobId AND line > @After ORDER BY line LIMIT @Limit",
            new { row.Hub, row.JobId, After = after, Limit = limit },
            cancellationToken: cancellationToken))];

    internal static Task RemoveErrorsAsync(WriteTransaction write, ImportExportRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition($"DELETE FROM registry_job_errors WHERE {One}", new { row.Hub, row.JobId }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Removes ended ones that are too old or too many.</summary>
    internal static Task RemoveOldAsync(WriteTransaction write, HubName hub, long endedBefore, int maxEnded, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        DELETE FROM registry_jobs WHERE hub = @Hub AND ended > 0 AND (ended < @EndedBefore OR job_id NOT IN (
          SELECT job_id FROM registry_jobs WHERE hub = @Hub AND ended > 0 ORDER BY ended DESC, job_id DESC LIMIT @MaxEnded
        ))
        """,
        new { Hub = hub.Value, EndedBefore = endedBefore, MaxEnded = maxEnded },
        write.Transaction,
        cancellationToken: cancellationToken));
}
