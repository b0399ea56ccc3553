namespace Gatehouse.Gateway.Amqp;

/// <summary>Batches of one link whose messages are on their way to the log: a batch has one outcome, once all of it is durable or some of it has failed.</summary>
internal sealed class BatchTable
{
    private readonly Lock gate = new();
    private readonly Stack<int> free = new();
    private Batch[] batches = [];

    /// <summary>Place of a new batch.</summary>
    /// <param name="deliveryId">Its delivery.</param>
    /// <param name="isSettled">The peer wants no outcome.</param>
    /// <param name="messages">Messages that must become durable; at least one.</param>
    internal int Begin(uint deliveryId, bool isSettled, int messages)
    {
        lock (gate)
        {
            if (!free.TryPop(out var place))
            {
                place = batches.Length;
                Array.Resize(ref batches, Math.Max(4, batches.Length * 2));
                for (var each = batches.Length - 1; each > place; each--)
                {
                    free.Push(each);
                }
            }

            batches[place] = new Batch(deliveryId, isSettled, messages, false);
            return place;
        }
    }

    /// <summary>One message of the batch is durable, or has failed.</summary>
    /// <returns>Whether it was the last.</returns>
    internal bool Finish(int place, bool isDurable, out Batch batch)
    {
        lock (gate)
        {
            ref var entry = ref batches[place];
            entry = entry with { Remaining = entry.Remaining - 1, HasFailed = entry.HasFailed || !isDurable };
            batch = entry;
            if (entry.Remaining > 0)
            {
                return false;
            }

            free.Push(place);
            return true;
        }
    }

    internal readonly record struct Batch(uint DeliveryId, bool IsSettled, int Remaining, bool HasFailed);
}
