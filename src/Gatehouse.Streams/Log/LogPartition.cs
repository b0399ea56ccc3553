namespace Gatehouse.Streams.Log;

/// <summary>One partition in memory: its ends, its newest blocks while they are followed, and who waits for news.</summary>
internal sealed class LogPartition(int index, IPartitionBlocks blocks, int newestBytes)
{
    private readonly Lock gate = new();
    private readonly NewestBlocks newest = new(newestBytes);
    private readonly List<Waiter> waiters = [];
    private long first;
    private long keepFrom = -1;
    private PartitionTail tail = PartitionTail.Empty;

    internal int Index { get; } = index;

    internal IPartitionBlocks Blocks { get; } = blocks;

    /// <summary>The block that takes appends now; belongs to the commit loop and is touched under its lock only.</summary>
    internal PendingBlock? Gathering { get; set; }

    /// <summary>First event that retention must leave, whatever its age; negative: age and size decide.</summary>
    internal long KeepFrom
    {
        get => Volatile.Read(ref keepFrom);
        set => Volatile.Write(ref keepFrom, value);
    }

    internal PartitionTail Tail
    {
        get
        {
            lock (gate)
            {
                return tail;
            }
        }
    }

    internal PartitionState State
    {
        get
        {
            lock (gate)
            {
                return new PartitionState(first, tail.Next - 1, tail.LastTime < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(tail.LastTime));
            }
        }
    }

    /// <summary>The block with this event; null when there is none from it on.</summary>
    internal ValueTask<byte[]?> ReadAsync(long sequenceNumber, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (newest.Find(sequenceNumber) is { } block)
            {
                return new(block);
            }
        }

        return Blocks.ReadAsync(sequenceNumber, cancellationToken);
    }

    /// <summary>This block is durable.</summary>
    internal void Advance(in BlockHeader header, ReadOnlySpan<byte> block)
    {
        lock (gate)
        {
            newest.Add(header, block);
            AdvanceTo(header.Tail);
        }
    }

    /// <summary>New events up to this tail are durable. An older tail than the present one is ignored.</summary>
    internal void Advance(in PartitionTail to)
    {
        lock (gate)
        {
            AdvanceTo(to);
        }
    }
    /// <summary>Events before this one are gone.</summary>
    internal void TrimTo(long sequenceNumber)
    {
        lock (gate)
        {
            first = Math.Clamp(sequenceNumber, first, tail.Next);
        }
    }

    internal async ValueTask WaitAsync(long after, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (gate)
        {
            if (tail.Next - 1 > after)
            {
                return;
            }

            waiter = new Waiter(after, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            waiters.Add(waiter);
            newest.Follow();
        }

        try
        {
            await waiter.Arrived.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                waiters.Remove(waiter);
            }
        }
    }

    private void AdvanceTo(in PartitionTail to)
    {
        if (to.Next <= tail.Next)
        {
            return;
        }

        tail = to;
        for (var i = waiters.Count - 1; i >= 0; i--)
        {
            if (waiters[i].After < tail.Next - 1)
            {
                waiters[i].Arrived.TrySetResult();
                waiters.RemoveAt(i);
            }
        }
    }

    private sealed record Waiter(long After, TaskCompletionSource Arrived);
}
