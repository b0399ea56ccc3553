using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>Calls a method of a job's devices, many at once. A device that is not connected is asked when it comes, as long as the job's time runs.</summary>
/// <remarks>That a device is asked is written down before it is, and its answer after: a crash between the two asks it once more.</remarks>
internal sealed class MethodWork : IDisposable
{
    /// <summary>Identities that came and were not looked at yet; those beyond are found by their connection state.</summary>
    private const int MaxCame = 10_000;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectedPoll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly HubName hub;
    private readonly JobTransactions transactions;
    private readonly JobParts parts;
    private readonly MethodCall call;
    private readonly Dictionary<IdentityKey, Task> calls = [];
    private readonly Channel<CallEnd?> ends = Channel.CreateUnbounded<CallEnd?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<IdentityKey, byte> came = new();

    // What is to be written of devices that are under way: it stays here until it is, so that a store that is away for a moment makes no device be asked again.
    private readonly List<DeviceJobRow> ended = [];
    private JobRow job;
    private DateTimeOffset nextConnectedPoll;

    internal MethodWork(HubName hub, JobRow job, JobTransactions transactions, JobParts parts)
    {
        (this.hub, this.job, this.transactions, this.parts) = (hub, job, transactions, parts);
        call = JobRules.ReadMethod(job.Parameters);
        parts.Methods.Came += OnCame;
    }

    private bool IsOpen => job.Status == JobStates.Running && parts.Now < job.Deadline;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var left = job.Deadline - parts.Now;
        using var window = new CancellationTokenSource(left > LongestTimer ? LongestTimer : left < TimeSpan.Zero ? TimeSpan.Zero : left, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(window.Token, cancellationToken);
        try
        {
            while (!await StepAsync(either.Token, cancellationToken))
            {
                await WaitAsync(cancellationToken);
            }
        }
        finally
        {
            await either.CancelAsync();
            await Task.WhenAll(calls.Values);
        }
    }

    public void Dispose() => parts.Methods.Came -= OnCame;

    /// <summary>Writes what came and begins what is due; whether nothing is left to do.</summary>
    private async Task<bool> StepAsync(CancellationToken window, CancellationToken cancellationToken)
    {
        try
        {
            await WriteEndsAsync(cancellationToken);
            job = await transactions.ReadAsync(cancellationToken) ?? job with { Status = JobStates.Cancelled };
            if (IsOpen && calls.Count < parts.Options.MaxCalls)
            {
                await BeginAsync(window, cancellationToken);
            }

            return calls.Count == 0 && (!IsOpen || job.PendingCount == 0);
        }
        catch (Exception error) when (error is DbException or StoreException && !cancellationToken.IsCancellationRequested)
        {
            // The calls under way go on meanwhile.
            parts.Log.JobInterrupted(hub.Value, job.JobId, error);
            return false;
        }
    }

    private void OnCame(HubName where, IdentityKey who)
    {
        if (where == hub && came.Count < MaxCame && came.TryAdd(who, 0))
        {
            ends.Writer.TryWrite(null);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(ends.Reader.WaitToReadAsync(over.Token).AsTask(), Task.Delay(Poll, parts.Time, over.Token));
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task BeginAsync(CancellationToken window, CancellationToken cancellationToken)
    {
        var found = await FindAsync(parts.Options.MaxCalls - calls.Count, cancellationToken);
        if (found.Count == 0)
        {
            return;
        }

        var begun = new List<DeviceJobRow>();
        try
        {
            job = await transactions.RunAsync((change, token) => BeginAsync(change, found, begun, token), cancellationToken) ?? job;
        }
        catch (Exception error) when (error is DbException or StoreException)
        {
            // Whether it was written after all shows when it is taken back.
            ended.AddRange(begun.Select(row => row with { Status = DeviceJobStates.Pending, NextTry = 0 }));
            throw;
        }

        foreach (var row in begun)
        {
            calls[row.Key] = CallAsync(row, window, cancellationToken);
        }
    }

    private async Task BeginAsync(JobChange change, HashSet<IdentityKey> found, List<DeviceJobRow> begun, CancellationToken cancellationToken)
    {
        if (change.Job.Status != JobStates.Running)
        {
            return;
        }

        var waiting = await DeviceJobRows.ReadAsync(
            change.Write, parts.Database.Dialect, change.Job, DeviceJobStates.Pending, [.. found.Select(key => key.Device.Value)], cancellationToken);
        var now = parts.Now.UtcTicks;
        begun.AddRange(waiting.Where(row => found.Contains(row.Key)).Select(row => row with
        {
            Status = DeviceJobStates.Running, Attempts = row.Attempts + 1, Started = row.Started == 0 ? now : row.Started, Updated = now, ErrorCode = null, ErrorDescription = null,
        }));
        await change.MoveAsync(DeviceJobStates.Pending, begun, cancellationToken);
    }

    /// <summary>Devices that wait and may be asked now: those whose turn it is, those that came to this node, and now and then those that came to another.</summary>
    private async Task<HashSet<IdentityKey>> FindAsync(int most, CancellationToken cancellationToken)
    {
        var keys = came.Keys.Where(key => !calls.ContainsKey(key)).Take(most).ToList();
        keys.ForEach(key => came.TryRemove(key, out _));
        var now = parts.Now;
        var isPoll = now >= nextConnectedPoll;
        var started = parts.Time.GetTimestamp();
        var rows = await parts.Database.ReadAsync(
            async (connection, token) =>
            {
                var found = new List<DeviceJobRow>(await DeviceJobRows.FindDueAsync(connection, job, now, most, token));
                if (keys.Count > 0 && found.Count < most)
                {
                    found.AddRange(await DeviceJobRows.FindWaitingAsync(connection, parts.Database.Dialect, job, [.. keys.Select(key => key.Device.Value).Distinct()], most - found.Count, token));
                }

                if (isPoll && found.Count < most)
                {
                    found.AddRange(await DeviceJobRows.FindConnectedAsync(connection, job, most - found.Count, token));
                }

                return found;
            },
            cancellationToken);
        if (isPoll)
        {
            // Who waits for very many devices looks less often: it must not cost the store more than a twentieth.
            var cost = parts.Time.GetElapsedTime(started) * 20;
            nextConnectedPoll = now + (cost > ConnectedPoll ? cost : ConnectedPoll);
        }

        return [.. rows.Select(row => row.Key).Where(key => !calls.ContainsKey(key))];
    }

    private async Task CallAsync(DeviceJobRow row, CancellationToken window, CancellationToken stopping)
    {
        Result<MethodAnswer> outcome;
        try
        {
            var known = await parts.Credentials.FindIdentityAsync(hub, row.Key, window);
            await parts.Throttles.WaitAsync(hub, ThrottleClass.JobDeviceOperations, 1, window);
            outcome = known is null || known.GenerationId != row.GenerationId ? HubErrors.DeviceNotFound : await parts.Methods.InvokeAsync(hub, row.Key, call, window);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            outcome = HubErrors.GatewayTimeout.With("The job's time was over before the device answered.");
        }
        catch (Exception error)
        {
            if (stopping.IsCancellationRequested)
            {
                // It stays as begun, and is asked again by who goes on with the job.
                return;
            }

            parts.Log.JobInterrupted(hub.Value, row.JobId, error);
            outcome = HubErrors.ServiceUnavailable;
        }

        ends.Writer.TryWrite(new CallEnd(row, outcome));
    }

    private async Task WriteEndsAsync(CancellationToken cancellationToken)
    {
        while (ends.Reader.TryRead(out var end))
        {
            if (end is not null)
            {
                ended.Add(Judge(end));
            }
        }

        if (ended.Count == 0)
        {
            return;
        }

        await transactions.RunAsync(
            async (change, token) =>
            {
                // Only what is still this run's: a node that lost the hub to another must not undo what that one did.
                var present = (await DeviceJobRows.ReadAsync(change.Write, parts.Database.Dialect, change.Job, DeviceJobStates.Running, [.. ended.Select(row => row.DeviceId)], token)).ToDictionary(row => row.Key);
                await change.MoveAsync(DeviceJobStates.Running, [.. ended.Where(row => present.TryGetValue(row.Key, out var found) && found.Attempts == row.Attempts)], token);
            },
            cancellationToken);
        ended.ForEach(row => calls.Remove(row.Key));
        ended.Clear();
    }

    private DeviceJobRow Judge(CallEnd end)
    {
        var (row, outcome) = (end.Row, end.Outcome);
        if (outcome.IsOk)
        {
            return row.End(DeviceJobStates.Completed, parts.Now, outcome: MethodOutcome.Write(outcome.Value));
        }

        var isLater = outcome.Error.Code == HubErrors.DeviceNotOnline.Code || outcome.Error.Code == HubErrors.DeviceMaximumInflightMethodExceeded.Code
            || outcome.Error.Code == HubErrors.ThrottlingException.Code || outcome.Error.Code == HubErrors.ServiceUnavailable.Code;
        return isLater
            ? row with
            {
                Status = DeviceJobStates.Pending,
                NextTry = came.TryRemove(row.Key, out _) ? 0 : (parts.Now + PauseAfter(row.Attempts)).UtcTicks,
                Updated = parts.Now.UtcTicks,
                ErrorCode = outcome.Error.Name,
                ErrorDescription = outcome.Error.Message,
            }
            : row.End(DeviceJobStates.Failed, parts.Now, outcome.Error);
    }

    private static TimeSpan PauseAfter(long attempts)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(attempts - 1, 10));
        return pause > LongestPause ? LongestPause : pause;
    }

    private sealed record CallEnd(DeviceJobRow Row, Result<MethodAnswer> Outcome);
}
