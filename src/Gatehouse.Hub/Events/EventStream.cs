using System.Runtime.CompilerServices;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>One reader's live view of the events; to be read once, then disposed.</summary>
public sealed class EventStream : IDisposable
{
    private readonly IEventLog log;
    private readonly IReadOnlyList<PartitionCursor> cursors;
    private readonly EventFilter filter;
    private readonly GroupWatch group;
    private readonly EventOptions options;
    private readonly TimeProvider time;
    private readonly IDisposable slot;

    internal EventStream(IEventLog log, IReadOnlyList<PartitionCursor> cursors, EventFilter filter, GroupWatch group, (EventOptions Options, TimeProvider Time) setting, IDisposable slot)
    {
        (this.log, this.cursors, this.filter, this.group, this.slot) = (log, cursors, filter, group, slot);
        (options, time) = setting;
    }

    /// <summary>Batches of events, in order within each partition. An empty batch is a heart-beat: nothing came for a while. Ends when the consumer group is deleted.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<IReadOnlyList<HubEvent>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var lastSign = time.GetTimestamp();
            while (!group.Changed.IsCompleted)
            {
                var moved = false;
                foreach (var cursor in cursors)
                {
                    var stored = await cursor.ReadAsync(log, options.MaxEventsPerRead, cancellationToken);
                    moved |= stored.Count > 0;
                    var batch = Keep(cursor.Partition, stored);
                    if (batch.Count > 0)
                    {
                        yield return batch;
                        lastSign = time.GetTimestamp();
                    }
                }

                if (!moved)
                {
                    await WaitAsync(lastSign, ended.Token);
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (time.GetElapsedTime(lastSign) >= options.Heartbeat)
                {
                    if (!await group.ExistsAsync(cancellationToken))
                    {
                        yield break;
                    }

                    yield return [];
                    lastSign = time.GetTimestamp();
                }
            }
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    public void Dispose()
    {
        group.Dispose();
        slot.Dispose();
    }

    private List<HubEvent> Keep(int partition, IReadOnlyList<StoredEvent> stored)
    {
        var kept = new List<HubEvent>(stored.Count);
        foreach (var each in stored)
        {
            if (filter.Takes(each))
            {
                kept.Add(EventRecords.Read(partition, each));
            }
        }

        return kept;
    }

    private async Task WaitAsync(long lastSign, CancellationToken cancellationToken)
    {
        var left = options.Heartbeat - time.GetElapsedTime(lastSign);
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wakes = new List<Task>(cursors.Count + 2) { group.Changed, Task.Delay(left, time, timer.Token) };
        foreach (var cursor in cursors)
        {
            wakes.Add(cursor.WaitAsync(log, cancellationToken));
        }

        await Task.WhenAny(wakes);
        await timer.CancelAsync();
    }
}
