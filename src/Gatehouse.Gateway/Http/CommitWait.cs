using Gatehouse.Streams.Log;

namespace Gatehouse.Gateway.Http;

/// <summary>Completes once all messages of one request are durable or have failed.</summary>
internal sealed class CommitWait(int messages) : IAppendObserver
{
    // The commit thread must not run what waits.
    private readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = messages;
    private volatile bool hasFailed;

    /// <summary>Whether all of them are durable.</summary>
    internal Task<bool> Task => done.Task;

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
