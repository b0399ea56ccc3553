namespace Gatehouse.Streams.Log;

/// <summary>Waits until all records of one batch are durable or have failed. Made for each batch.</summary>
public sealed class CommitWait : IAppendObserver
{
    // The commit thread must not run what waits.
    private readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = 1;
    private volatile bool hasFailed;

    /// <summary>Before a record is appended with this as its observer.</summary>
    public void Add() => Interlocked.Increment(ref left);

    /// <summary>No more are added. Completes with whether all of them are durable; why one is not, the log says itself. Called once.</summary>
    public Task<bool> WaitAsync()
    {
        Leave();
        return done.Task;
    }

    public void OnCommitted(long state) => Leave();

    public void OnFailed(long state, Exception error)
    {
        hasFailed = true;
        Leave();
    }

    public void OnBatchEnd()
    {
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            done.SetResult(!hasFailed);
        }
    }
}
