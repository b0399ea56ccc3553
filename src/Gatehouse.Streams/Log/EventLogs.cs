using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Log;

/// <summary>The logs of all hubs of this server, on one block store and one commit loop; also applies retention.</summary>
internal sealed class EventLogs : IEventLogs, IAsyncDisposable
{
    private readonly IBlockStore store;
    private readonly LogOptions options;
    private readonly StreamsMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CommitLoop commits;
    private readonly ConcurrentDictionary<string, EventLog> open = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim opening = new(1);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task upkeep;
    private int disposed;

    internal EventLogs(IBlockStore store, LogOptions options, StreamsMetrics metrics, TimeProvider time, ILogger<EventLogs> log)
    {
        options.Validate();
        (this.store, this.options, this.metrics, this.time, this.log) = (store, options, metrics, time, log);
        commits = new CommitLoop(store, options, metrics, time, log);
        upkeep = KeepUpAsync();
    }

    public bool IsShared => store.IsShared;

    public Exception? Fault => commits.Fault;

    public ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, CancellationToken cancellationToken) => OpenAsync(hub, partitionCount, isQueue: false, cancellationToken);

    public ValueTask<IEventLog> OpenQueueAsync(string name, int partitionCount, CancellationToken cancellationToken) => OpenAsync(name, partitionCount, isQueue: true, cancellationToken);

    private async ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, bool isQueue, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(hub);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitionCount, 32);
        if (open.TryGetValue(hub, out var present))
        {
            return present;
        }

        await opening.WaitAsync(cancellationToken);
        try
        {
            return open.TryGetValue(hub, out present) ? present : open[hub] = await CreateAsync(hub, partitionCount, isQueue, cancellationToken);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>Commits what is pending, then closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await stopping.CancelAsync();
        await upkeep;
        await commits.DisposeAsync();
        await store.DisposeAsync();
    }

    /// <summary>One round of retention over all open logs.</summary>
    internal async Task ApplyRetentionAsync(CancellationToken cancellationToken)
    {
        foreach (var (hub, eventLog) in open)
        {
            try
            {
                foreach (var partition in eventLog.Partitions)
                {
                    await ApplyRetentionAsync(hub, partition, cancellationToken);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                log.UpkeepFailed(hub, error);
            }
        }
    }

    private async ValueTask<EventLog> CreateAsync(string hub, int partitionCount, bool isQueue, CancellationToken cancellationToken)
    {
        LogPartition[]? partitions = null;
        var blocks = await store.OpenAsync(hub, partitionCount, (index, tail) => Volatile.Read(ref partitions)?[index].Advance(tail), cancellationToken);
        var made = blocks.Select((each, index) => new LogPartition(index, each, options.NewestBytes)).ToArray();
        Volatile.Write(ref partitions, made);
        foreach (var partition in made)
        {
            await LookAtEndsAsync(partition, cancellationToken);
            partition.KeepFrom = isQueue ? 0 : partition.KeepFrom;
            await ApplyRetentionAsync(hub, partition, cancellationToken);
        }

        log.LogOpened(hub, made.Length, made.Sum(static each => each.State.LastSequenceNumber + 1 - each.State.FirstSequenceNumber));
        return new EventLog(hub, made, commits, options, metrics);
    }

    private static async ValueTask LookAtEndsAsync(LogPartition partition, CancellationToken cancellationToken)
    {
        var ends = await partition.Blocks.GetEndsAsync(cancellationToken);
        partition.Advance(ends.Tail);
        partition.TrimTo(ends.First);
    }

    private async Task KeepUpAsync()
    {
        using var timer = new PeriodicTimer(options.UpkeepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                await ApplyRetentionAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The log is being closed.
        }
    }

    private async ValueTask ApplyRetentionAsync(string hub, LogPartition partition, CancellationToken cancellationToken)
    {
        if (store.IsShared)
        {
            await LookAtEndsAsync(partition, cancellationToken);
        }

        var tail = partition.Tail;
        var before = await partition.Blocks.FindAsync(BlockField.Time, (time.GetUtcNow() - options.Retention).ToUnixTimeMilliseconds(), cancellationToken);
        if (options.RetentionBytes is { } limit)
        {
            before = Math.Max(before, await partition.Blocks.FindAsync(BlockField.StartBytes, tail.EndBytes - limit, cancellationToken));
        }

        if (partition.KeepFrom is >= 0 and var kept)
        {
            before = kept;
        }

        // What was appended meanwhile is new; it stays.
        before = Math.Min(before, tail.Next);
        if (before > partition.State.FirstSequenceNumber)
        {
            partition.TrimTo(before);
            await partition.Blocks.TrimAsync(before, cancellationToken);
            log.PartitionTrimmed(hub, partition.Index, before);
        }
    }
}
