namespace Gatehouse.Hub.Routing;

/// <summary>Bytes of events that all deliveries of this server hold at once. Who wants more than is free waits for its turn.</summary>
internal sealed class DeliveryMemory
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> waiting = new();
    private readonly long max;
    private long free;

    internal DeliveryMemory(long max) => this.max = free = max;

    /// <summary>To be disposed when the bytes are let go. More than there is counts as all of it.</summary>
    internal async ValueTask<IDisposable> TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(Math.Min(bytes, max));
        lock (gate)
        {
            waiting.AddLast(waiter);
            Grant();
        }

        await using (cancellationToken.UnsafeRegister(_ => Leave(waiter, cancellationToken), null))
        {
            await waiter.Granted.Task;
        }

        return new Held(this, waiter.Bytes);
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

    private void Return(long bytes)
    {
        lock (gate)
        {
            free += bytes;
            Grant();
        }
    }

    private void Grant()
    {
        while (waiting.First is { } first && first.Value.Bytes <= free)
        {
            free -= first.Value.Bytes;
            waiting.RemoveFirst();
            first.Value.Granted.TrySetResult();
        }
    }

    private sealed class Waiter(long bytes)
    {
        internal long Bytes { get; } = bytes;

        internal TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Held(DeliveryMemory owner, long bytes) : IDisposable
    {
        private int isReturned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isReturned, 1) == 0)
            {
                owner.Return(bytes);
            }
        }
    }
}
