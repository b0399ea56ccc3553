using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Log;

/// <summary>Group commit: gathers what all connections append, and one thread makes it durable, commit after commit.</summary>
/// <remarks>While a commit is being synced the next one gathers. An append to an idle loop is committed at once; a busy loop pauses for a moment first, because a sync costs the same for one record as for a thousand.</remarks>
internal sealed class CommitLoop : IAsyncDisposable
{
    private readonly IBlockStore store;
    private readonly LogOptions options;
    private readonly StreamsMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;

    private readonly Lock gate = new();
    private readonly AutoResetEvent wake = new(initialState: false);
    private readonly Stack<PendingBlock> spare = new();
    private readonly HashSet<IAppendObserver> told = new(ReferenceEqualityComparer.Instance);
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<PendingBlock> gathering = [];
    private List<PendingBlock> committing = [];
    private TaskCompletionSource? room;
    private long pendingBytes;
    private bool isSleeping;
    private bool isStopping;
    private Exception? fault;

    internal CommitLoop(IBlockStore store, LogOptions options, StreamsMetrics metrics, TimeProvider time, ILogger log)
    {
        (this.store, this.options, this.metrics, this.time, this.log) = (store, options, metrics, time, log);
        metrics.ObservePending(() => Interlocked.Read(ref pendingBytes));
        new Thread(Run) { IsBackground = true, Name = "event log commits" }.Start();
    }

    /// <summary>Why nothing can be stored at present; null when it can.</summary>
    internal Exception? Fault => Volatile.Read(ref fault);

    internal bool TryAppend(LogPartition partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state)
    {
        var bodyLength = body.Length;
        if (head.Length + bodyLength > options.MaxRecordBytes)
        {
            throw new ArgumentException($"A record has {head.Length + bodyLength} bytes; the limit is {options.MaxRecordBytes}.");
        }

        var length = head.Length + (int)bodyLength;
        var size = length + BlockHeader.RecordPrefix;
        bool mustWake;
        lock (gate)
        {
            if (isStopping || fault is not null || pendingBytes + size > options.MaxPendingBytes)
            {
                return false;
            }

            BlockFor(partition, size).Add(head, body, length, observer, state);
            pendingBytes += size;
            mustWake = isSleeping;
            isSleeping = false;
        }

        if (mustWake)
        {
            wake.Set();
        }

        return true;
    }

    /// <summary>Completes when half of the room is free again, so that waiting connections do not take turns for single records.</summary>
    internal async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Task waited;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isStopping, this);
            if (HasRoom)
            {
                return;
            }

            room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waited = room.Task;
        }

        try
        {
            await waited.WaitAsync(options.RoomTimeout, time, cancellationToken);
        }
        catch (TimeoutException late)
        {
            throw new IOException($"The event log has taken no events for {options.RoomTimeout.TotalSeconds:0.#} s: {Fault?.Message ?? "its store is too slow"}", late);
        }
    }

    /// <summary>Takes no more appends, commits what is pending, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isStopping = true;
            room?.TrySetException(new ObjectDisposedException(nameof(CommitLoop)));
            room = null;
        }

        wake.Set();
        await stopped.Task;
    }

    private bool HasRoom => fault is null && pendingBytes <= options.MaxPendingBytes / 2;

    private PendingBlock BlockFor(LogPartition partition, int size)
    {
        var block = partition.Gathering;
        if (block is null || !block.HasRoom(size, options.BlockBytes))
        {
            block = spare.TryPop(out var used) ? used : new PendingBlock();
            block.Begin(partition);
            partition.Gathering = block;
            gathering.Add(block);
        }

        return block;
    }

    private void Run()
    {
        while (TryTake())
        {
            if (committing.Count > 0)
            {
                var records = Commit();
                if (records >= options.BusyRecords && options.GatherTime > TimeSpan.Zero)
                {
                    Thread.Sleep(options.GatherTime);
                }
            }

            if (fault is not null)
            {
                TryRecover();
            }
        }

        stopped.SetResult();
    }

    /// <summary>Waits for appends and takes all of them. False when the loop was stopped and has nothing left.</summary>
    private bool TryTake()
    {
        while (true)
        {
            lock (gate)
            {
                if (gathering.Count > 0)
                {
                    (gathering, committing) = (committing, gathering);
                    foreach (var block in committing)
                    {
                        block.Partition.Gathering = null;
                    }

                    return true;
                }

                if (isStopping)
                {
                    return false;
                }

                isSleeping = true;
            }

            if (fault is null)
            {
                wake.WaitOne();
            }
            else if (!wake.WaitOne(options.RecoveryInterval))
            {
                return true;
            }
        }
    }

    private int Commit()
    {
        var begun = Stopwatch.GetTimestamp();
        Write();
        var (records, bytes, stored, failed, error) = (0, 0L, 0L, 0, (Exception?)null);
        foreach (var block in committing)
        {
            records += block.Count;
            bytes += block.PayloadLength;
            if (block.Error is null)
            {
                stored += block.PayloadLength;
                block.Partition.Advance(block.Header, block.Bytes.Span);
            }
            else
            {
                failed += block.Count;
                error = block.Error;
            }
        }

        metrics.Committed(records - failed, stored, Stopwatch.GetElapsedTime(begun));
        if (error is not null)
        {
            metrics.Failed(failed);
            Enter(error, failed);
        }

        Tell();
        Release(bytes);
        return records;
    }

    private void Write()
    {
        try
        {
            if (fault is not null)
            {
                throw new IOException("The event log cannot store events.", fault);
            }

            store.Write(committing, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (Exception error)
        {
            foreach (var block in committing)
            {
                block.Error = error;
            }
        }
    }

    private void Enter(Exception error, int failed)
    {
        if (fault is not null)
        {
            return;
        }

        log.CommitFailed(failed, error);
        lock (gate)
        {
            fault = error;
        }
    }

    private void TryRecover()
    {
        try
        {
            store.Recover();
        }
        catch (Exception error)
        {
            log.RecoveryFailed(error.Message);
            return;
        }

        log.LogRecovered();
        lock (gate)
        {
            fault = null;
            OfferRoom();
        }
    }

    private void Tell()
    {
        foreach (var block in committing)
        {
            try
            {
                block.Tell(told);
            }
            catch (Exception error)
            {
                log.ObserverFailed(error);
            }
        }

        foreach (var observer in told)
        {
            try
            {
                observer.OnBatchEnd();
            }
            catch (Exception error)
            {
                log.ObserverFailed(error);
            }
        }

        told.Clear();
    }

    private void Release(long bytes)
    {
        lock (gate)
        {
            foreach (var block in committing)
            {
                block.Reset();
                if (spare.Count * (long)options.BlockBytes < options.MaxPendingBytes && block.Capacity <= options.BlockBytes * 2)
                {
                    spare.Push(block);
                }
            }

            committing.Clear();
            pendingBytes -= bytes;
            OfferRoom();
        }
    }

    private void OfferRoom()
    {
        if (HasRoom && room is not null)
        {
            room.TrySetResult();
            room = null;
        }
    }
}
