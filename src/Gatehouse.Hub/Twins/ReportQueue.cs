using System.Data.Common;
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

    private const int MaxAttempts = 3;

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
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await database.WriteAsync((transaction, token) => StoreAsync(transaction, batch, token), CancellationToken.None);
                return;
            }
            catch (DbException error) when (error.IsTransient && attempt < MaxAttempts)
            {
                // Such as a deadlock with a writer that takes the rows in another order: nothing was stored, nobody was told.
            }
            catch (Exception error)
            {
                log.ReportsNotStored(batch.Count, error);
                foreach (var report in batch)
                {
                    report.Outcome = HubErrors.ServiceUnavailable;
                }

                return;
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

    /// <summary>Each twin is read once and written once, however many patches it has.</summary>
    private async Task<Result<bool>> StoreAsync(WriteTransaction transaction, List<PendingReport> batch, CancellationToken cancellationToken)
    {
        var rows = ReportRows.Of(transaction, database.Dialect);
        var places = batch.Select(report => report.Place).Distinct().Order().ToList();
        var stored = await rows.FindAsync(places, cancellationToken);
        var states = new Dictionary<TwinPlace, ReportedState>(stored.Count);
        var now = TwinStamp.At(time.GetUtcNow(), version: null);
        foreach (var report in batch)
        {
            report.Outcome = Store(report, stored, states, now);
        }

        await changes.AddReportsAsync(transaction, batch, now, cancellationToken);
        if (states.Count > 0)
        {
            await rows.SaveAsync([.. places.Where(states.ContainsKey).Select(place => KeyValuePair.Create(place, states[place]))], cancellationToken);
        }

        return true;
    }

    private Result<long> Store(PendingReport report, Dictionary<TwinPlace, ReportedState> stored, Dictionary<TwinPlace, ReportedState> states, TwinStamp now)
    {
        if ((!states.TryGetValue(report.Place, out var state) && !stored.TryGetValue(report.Place, out state))
            || (report.GenerationId is { } generation && generation != state.GenerationId))
        {
            return HubErrors.DeviceNotFound;
        }

        var outcome = Apply(report, ref state, now);
        if (outcome.IsOk)
        {
            states[report.Place] = report.State = state;
        }

        return outcome;
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

        state = new ReportedState(state.GenerationId, Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(TwinText.Write(metadata)), state.Version + 1, state.TwinVersion + 1, state.ModelId);
        return state.Version;
    }
}
