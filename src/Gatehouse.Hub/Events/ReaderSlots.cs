namespace Gatehouse.Hub.Events;

/// <summary>Counts the open streams of a hub.</summary>
internal sealed class ReaderSlots(int limit)
{
    private int taken;

    /// <summary>Null when all are taken. Disposing gives the slot back, once.</summary>
    internal IDisposable? TryTake()
    {
        if (Interlocked.Increment(ref taken) <= limit)
        {
            return new Slot(this);
        }

        Interlocked.Decrement(ref taken);
        return null;
    }

    private sealed class Slot(ReaderSlots owner) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                Interlocked.Decrement(ref owner.taken);
            }
        }
    }
}
