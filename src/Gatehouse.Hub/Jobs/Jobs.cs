using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>Jobs: twin updates and methods over all devices that meet a condition, now or later. <see cref="JobRunner"/> does them.</summary>
/// <remarks>Source: IoT Hub "Schedule jobs on multiple devices" page.</remarks>
public sealed class Jobs
{
    private const int MaxContinuationLength = 256;

    private readonly Database database;
    private readonly TwinWriter twins;
    private readonly HubOptions options;
    private readonly TimeProvider time;

    internal Jobs(Database database, TwinWriter twins, HubOptions options, TimeProvider time) => (this.database, this.twins, this.options, this.time) = (database, twins, options, time);

    /// <summary>Tells that a job may be due.</summary>
    internal event Action? Changed;

    /// <summary>Makes a job. ArgumentInvalid (with the position for a condition that is none), ArgumentNull, MessageTooLarge, JobAlreadyExists, JobQuotaExceeded.</summary>
    public async Task<Result<Job>> CreateAsync(HubName hub, string actor, JobInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var read = JobRules.Check(input, options, twins, time.GetUtcNow());
        if (!read.IsOk)
        {
            return read.Error;
        }

        var row = read.Value with { Hub = hub.Value, Actor = actor };
        var made = await database.WriteAsync<Job>(
            async (write, token) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, token) is { } gone)
                {
                    return gone;
                }

                if (await JobRows.LockAsync(write, database.Dialect, hub, row.JobId, token) is not null)
                {
                    return HubErrors.JobAlreadyExists;
                }

                if (await CheckQuotaAsync(write, hub, row, token) is { } full)
                {
                    return full;
                }

                await JobRows.InsertAsync(write, row, token);
                write.Audit(Record(row, actor, "job.create"));
                return row.Show();
            },
            cancellationToken);
        Changed?.Invoke();
        return made;
    }

    /// <summary>JobNotFound.</summary>
    public async Task<Result<Job>> GetAsync(HubName hub, string jobId, CancellationToken cancellationToken) =>
        JobRules.IsId(jobId) && await database.ReadAsync((connection, token) => JobRows.FindAsync(connection, hub, jobId, token), cancellationToken) is { } row ? row.Show() : HubErrors.JobNotFound;

    /// <summary>Ends a job: no further device is begun, what is under way is finished and recorded. Cancelling again changes nothing. JobNotFound, InvalidOperation for a job that has ended otherwise.</summary>
    public async Task<Result<Job>> CancelAsync(HubName hub, string actor, string jobId, CancellationToken cancellationToken)
    {
        if (!JobRules.IsId(jobId))
        {
            return HubErrors.JobNotFound;
        }

        var cancelled = await database.WriteAsync<Job>(
            async (write, token) =>
            {
                if (await JobRows.LockAsync(write, database.Dialect, hub, jobId, token) is not { } row)
                {
                    return HubErrors.JobNotFound;
                }

                if (JobStates.HasEnded(row.Status))
                {
                    return row.Status == JobStates.Cancelled ? row.Show() : HubErrors.InvalidOperation.With($"The job has ended already: it is {row.Status}.");
                }

                var ended = row with { Status = JobStates.Cancelled, Ended = time.GetUtcNow().UtcTicks };
                await JobRows.UpdateAsync(write, ended, token);
                write.Audit(Record(ended, actor, "job.cancel"));
                return ended.Show();
            },
            cancellationToken);
        Changed?.Invoke();
        return cancelled;
    }

    /// <summary>Jobs of a type and a state (wire words in any case; null or empty for all), newest first. ArgumentInvalid.</summary>
    public async Task<Result<JobPage>> QueryAsync(HubName hub, string? type, string? status, int? pageItems, string? continuation, CancellationToken cancellationToken)
    {
        var (ofType, ofStatus) = (string.IsNullOrEmpty(type) ? null : JobTypes.Find(type), string.IsNullOrEmpty(status) ? null : JobStates.Find(status));
        if ((ofType is null && !string.IsNullOrEmpty(type)) || (ofStatus is null && !string.IsNullOrEmpty(status)))
        {
            return HubErrors.ArgumentInvalid.With(ofType is null && !string.IsNullOrEmpty(type) ? "The jobType is unknown." : "The jobStatus is unknown.");
        }

        if (Decode(continuation) is not { } before)
        {
            return HubErrors.ArgumentInvalid.With("The continuation is none of this server.");
        }

        var wanted = Math.Clamp(pageItems ?? options.Queries.PageItems, 1, Queries.Queries.MaxPageItems);
        var rows = await database.ReadAsync((connection, token) => JobRows.ListAsync(connection, hub, ofType, ofStatus, before, wanted + 1, token), cancellationToken);
        return new JobPage([.. rows.Take(wanted).Select(row => row.Show())], rows.Count > wanted ? Encode(rows[wanted - 1]) : null);
    }

    private async Task<HubError?> CheckQuotaAsync(WriteTransaction write, HubName hub, JobRow row, CancellationToken cancellationToken)
    {
        var isDue = row.Status == JobStates.Queued;
        var (states, most, what) = isDue ? (new[] { JobStates.Queued, JobStates.Running }, options.Jobs.MaxActive, "run") : ([JobStates.Scheduled], options.Jobs.MaxScheduled, "wait for their time");
        return await JobRows.CountAsync(write, database.Dialect, hub, states, cancellationToken) < most ? null : HubErrors.JobQuotaExceeded.With($"At most {most} jobs may {what} at once.");
    }

    // What and when, not what it writes.
    private static AuditRecord Record(JobRow row, string actor, string action) => new()
    {
        Hub = row.Hub,
        Actor = actor,
        Action = action,
        Subject = row.JobId,
        Detail = new JsonObject { ["type"] = row.JobType, ["condition"] = row.QueryCondition, ["startTime"] = new DateTime(row.StartTime, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture) }.ToJsonString(),
    };

    private static string Encode(JobRow row) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{row.Created} {row.JobId}")));

    private static (long Created, string JobId)? Decode(string? continuation)
    {
        if (string.IsNullOrEmpty(continuation))
        {
            return (long.MaxValue, "");
        }

        if (continuation.Length > MaxContinuationLength || !Base64Url.IsValid(continuation))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(continuation)).Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var created) && JobRules.IsId(parts[1]) ? (created, parts[1]) : null;
    }
}
