namespace Gatehouse.Hub.Routing;

/// <summary>Bytes of events that all deliveries of this server hold at once. Who wants more than is free waits for its turn.</summary>
/// <remarks>A far end that hangs holds its bytes until its time is over. So one endpoint has half of them at most, and all that fail have half of them together: the other half is for those that deliver.</remarks>
internal sealed class DeliveryMemory
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> waiting = new();
    private readonly Dictionary<EndpointState, long> heldBy = [];
    private readonly long max;
    private long free;
    private long heldByFailing;

    internal DeliveryMemory(long max) => this.max = free = max;

    /// <summary>To be disposed when the bytes are let go. More than there is counts as all of it.</summary>
    internal async ValueTask<IDisposable> TakeAsync(EndpointState endpoint, long bytes, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(endpoint, Math.Min(bytes, max), endpoint.IsFailing);
        lock (gate)
        {
            waiting.AddLast(waiter);
            Grant();
        }

        await using (cancellationToken.UnsafeRegister(_ => Leave(waiter, cancellationToken), null))
        {
            await waiter.Granted.Task;
        }

        return new Held(this, waiter);
    }

    private void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (waiting.Remove(waiter))
            {
                waiter.Granted.TrySetCanceled(cancellationToken);
                Grant();
            }
        }
    }

    private void Return(Waiter waiter)
    {
        lock (gate)
        {
            Count(waiter, -waiter.Bytes);
            Grant();
        }
    }

    /// <summary>In turn. Whoever would have more than its share is passed over, with those behind it that have the same; whoever would not, and wants more than is free, is waited for.</summary>
    private void Grant()
    {
        var (passed, isFailingPassed) = (new HashSet<EndpointState>(), false);
        for (var next = waiting.First; next is not null;)
        {
            var (node, waiter) = (next, next.Value);
            next = next.Next;
            if (passed.Contains(waiter.Endpoint) || !Fits(heldBy.GetValueOrDefault(waiter.Endpoint), waiter.Bytes))
            {
                passed.Add(waiter.Endpoint);
                continue;
            }

            if (waiter.IsFailing && (isFailingPassed || !Fits(heldByFailing, waiter.Bytes)))
            {
                isFailingPassed = true;
                continue;
            }

            if (waiter.Bytes > free)
            {
                return;
            }

            waiting.Remove(node);
            Count(waiter, waiter.Bytes);
            waiter.Granted.TrySetResult();
        }
    }

    // What is larger than a share goes alone.
    private bool Fits(long held, long bytes) => held == 0 || held + bytes <= max / 2;

    private void Count(Waiter waiter, long bytes)
    {
        free -= bytes;
        heldByFailing += waiter.IsFailing ? bytes : 0;
        var held = heldBy.GetValueOrDefault(waiter.Endpoint) + bytes;
        if (held == 0)
        {
            heldBy.Remove(waiter.Endpoint);
        }
        else
        {
            heldBy[waiter.Endpoint] = held;
        }
    }

    private sealed class Waiter(EndpointState endpoint, long bytes, bool isFailing)
    {
        internal EndpointState Endpoint { get; } = endpoint;

        internal long Bytes { get; } = bytes;

        internal bool IsFailing { get; } = isFailing;

        internal TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Held(DeliveryMemory owner, Waiter waiter) : IDisposable
    {
        private int isReturned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isReturned, 1) == 0)
            {
                owner.Return(waiter);
            }
        }
    }
}
