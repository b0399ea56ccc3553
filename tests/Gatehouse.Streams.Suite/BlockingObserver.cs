using Gatehouse.Streams.Log;

namespace Gatehouse.Streams.Suite;

/// <summary>Holds the commit thread, against the rules, so that a test sees appends pile up.</summary>
internal sealed class BlockingObserver : IAppendObserver, IDisposable
{
    private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim released = new();

    internal Task Entered => entered.Task;

    internal void Release() => released.Set();

    public void OnCommitted(long state)
    {
        entered.TrySetResult();
        released.Wait(TimeSpan.FromSeconds(20));
    }

    public void OnFailed(long state, Exception error) => entered.TrySetException(error);

    public void OnBatchEnd()
    {
    }

    public void Dispose()
    {
        released.Set();
        released.Dispose();
    }
}
