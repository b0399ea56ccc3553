using System.Runtime.InteropServices;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

/// <summary>Group commit of reported patches: what all devices report while one transaction is being synced goes into the next.</summary>
internal sealed class ReportQueue : IAsyncDisposable
{
    /// <summary>Patches of one transaction: enough to share its sync, few enough that other writers of the store do not wait long.</summary>
    private const int MaxBatch = 512;

    private readonly Database database;
    private readonly TwinChanges changes;
    private readonly TwinOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private readonly Queue<PendingReport> pending = new();
    private readonly Dictionary<TwinPlace, int> pendingOf = [];
    private readonly SemaphoreSlim wake = new(0);
    private readonly Task writing;
    private long pendingBytes;
    private bool isStopping;

    internal ReportQueue(Database database, TwinChanges changes, TwinOptions options, TimeProvider time, ILogger log)
    {
        (this.database, this.changes, this.options, this.time, this.log) = (database, changes, options, time, log);
        writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Completes when the patch is durable, or with why it is not. ThrottlingException, DeviceThrottlingLimitExceeded, DeviceNotFound, PreconditionFailed, MessageTooLarge, ServiceUnavailable.</summary>
    internal Task<Result<long>> AddAsync(PendingReport report)
    {
        lock (gate)
        {
            if (isStopping)
            {
                return Task.FromResult<Result<long>>(HubErrors.ServiceUnavailable);
            }

            if (pendingBytes + report.Bytes > options.MaxPendingBytes)
            {
                return Task.FromResult<Result<long>>(HubErrors.ThrottlingException);
            }

            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(pendingOf, report.Place, out _);
            if (count >= options.MaxPendingPerTwin)
            {
                return Task.FromResult<Result<long>>(HubErrors.DeviceThrottlingLimitExceeded);
            }

            count++;
            pendingBytes += report.Bytes;
            pending.Enqueue(report);
            if (pending.Count == 1)
            {
                wake.Release();
            }
        }

        return report.Answer;
    }

    /// <summary>Takes no more, and stores what is pending.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isStopping = true;
        }

        wake.Release();
        await writing;
        wake.Dispose();
    }

    private async Task WriteAllAsync()
    {
        var batch = new List<PendingReport>(MaxBatch);
        while (true)
        {
            await wake.WaitAsync();
            while (Take(batch))
            {
                await WriteAsync(batch);
                Release(batch);
            }

            if (isStopping)
            {
                return;
            }
        }
    }

    private bool Take(List<PendingReport> batch)
    {
        lock (gate)
        {
            while (batch.Count < MaxBatch && pending.TryDequeue(out var report))
            {
                batch.Add(report);
            }
        }

        return batch.Count > 0;
    }

    private async Task WriteAsync(List<PendingReport> batch)
    {
        try
        {
            await database.WriteAsync((transaction, token) => StoreAsync(transaction, batch, token), CancellationToken.None);
        }
        catch (Exception error)
        {
            log.ReportsNotStored(batch.Count, error);
            foreach (var report in batch)
            {
                report.Outcome = HubErrors.ServiceUnavailable;
            }
        }
    }

    private void Release(List<PendingReport> batch)
    {
        lock (gate)
        {
            foreach (var report in batch)
            {
                pendingBytes -= report.Bytes;
                ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(pendingOf, report.Place);
                if (--count == 0)
                {
                    pendingOf.Remove(report.Place);
                }
            }
        }

        foreach (var report in batch)
        {
            report.Finish(report.Outcome);
        }

        batch.Clear();
    }

    private async Task<Result<bool>> StoreAsync(WriteTransaction transaction, List<PendingReport> batch, CancellationToken cancellationToken)
    {
        await using var rows = new ReportRows(transaction, database.Dialect);
        var now = TwinStamp.At(time.GetUtcNow(), version: null);
        foreach (var reports in batch.GroupBy(report => report.Place).OrderBy(group => group.Key))
        {
            await StoreAsync(transaction, rows, reports, now, cancellationToken);
        }

        return true;
    }

    /// <summary>All patches of one twin: it is read once and written once.</summary>
    private async Task StoreAsync(WriteTransaction transaction, ReportRows rows, IGrouping<TwinPlace, PendingReport> reports, TwinStamp now, CancellationToken cancellationToken)
    {
        var (hub, key) = reports.Key;
        if (await rows.FindAsync(hub, key, cancellationToken) is not { } stored)
        {
            foreach (var report in reports)
            {
                report.Outcome = HubErrors.DeviceNotFound;
            }

            return;
        }

        var state = stored;
        foreach (var report in reports)
        {
            report.Outcome = Apply(report, ref state, now);
            if (report.Outcome.IsOk)
            {
                changes.AddReport(transaction, report.Place, state, report.Patch, now);
            }
        }

        if (state != stored)
        {
            await rows.SaveAsync(hub, key, state, cancellationToken);
        }
    }

    private Result<long> Apply(PendingReport report, ref ReportedState state, TwinStamp now)
    {
        if (report.ExpectedVersion is { } expected && expected != state.Version)
        {
            return HubErrors.PreconditionFailed.With("The precondition failed: the reported properties have another version.");
        }

        var (content, metadata) = (TwinText.Read(state.Reported), TwinText.Read(state.Metadata));
        TwinMerge.Apply(content, metadata, report.Patch, now);
        var text = TwinText.Write(content);
        if (TwinRules.CheckSize(text, "reported properties", options.MaxReportedBytes) is { } tooLarge)
        {
            return tooLarge;
        }

        state = new ReportedState(Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(TwinText.Write(metadata)), state.Version + 1, state.TwinVersion + 1);
        return state.Version;
    }
}
