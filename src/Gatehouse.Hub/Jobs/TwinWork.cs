using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Jobs;

/// <summary>Writes the twins of a job's devices: each together with its record, so that no crash loses one or does it twice.</summary>
internal sealed class TwinWork(HubName hub, (Result<TwinUpdate> Update, Result<IfMatch> IfMatch) write, JobParts parts)
{
    private readonly TwinUpdate update = write.Update.Value;
    private readonly IfMatch ifMatch = write.IfMatch.Value;

    internal async Task RunBatchAsync(JobChange change, CancellationToken cancellationToken)
    {
        if (change.Job.Status != JobStates.Running)
        {
            return;
        }

        var rows = await DeviceJobRows.ReadAsync(change.Write, change.Job, DeviceJobStates.Pending, parts.Options.BatchDevices, cancellationToken);
        await TwinRows.LockAllAsync(change.Write, parts.Database.Dialect, hub, [.. rows.Select(row => row.DeviceId).Distinct()], cancellationToken);
        var ended = new List<DeviceJobRow>(rows.Count);
        foreach (var row in rows)
        {
            var written = await parts.Twins.WriteAsync(change.Write, hub, change.Job.TwinActor, row.Key, update, ifMatch, cancellationToken, row.GenerationId);
            ended.Add(written.IsOk ? row.End(DeviceJobStates.Completed, parts.Now, outcome: """{"deviceMethodResponse":null}""") : row.End(DeviceJobStates.Failed, parts.Now, written.Error));
        }

        await change.MoveAsync(DeviceJobStates.Pending, ended, cancellationToken);
    }
}
