using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Waits until all records of a batch are durable. Used for one batch.</summary>
internal sealed class CommitWait : IAppendObserver
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = 1;

    internal void Add() => Interlocked.Increment(ref left);

    /// <summary>All are added. Throws when one could not be stored.</summary>
    internal Task WaitAsync()
    {
        OnCommitted(0);
        return done.Task;
    }

    public void OnCommitted(long state)
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            done.TrySetResult();
        }
    }

    public void OnFailed(long state, Exception error) => done.TrySetException(error);

    public void OnBatchEnd()
    {
        // Each record counts by itself.
    }
}
