using Gatehouse.Streams.Log;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>Remembers what it was told, in order.</summary>
internal sealed class RecordingObserver : IAppendObserver
{
    private readonly Lock gate = new();
    private readonly List<long> committed = [];
    private readonly List<Exception> failures = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> waits = [];
    private int batches;

    internal IReadOnlyList<long> Committed
    {
        get
        {
            lock (gate)
            {
                return [.. committed];
            }
        }
    }

    internal IReadOnlyList<Exception> Failures
    {
        get
        {
            lock (gate)
            {
                return [.. failures];
            }
        }
    }

    internal int Batches => Volatile.Read(ref batches);

    public void OnCommitted(long state)
    {
        lock (gate)
        {
            committed.Add(state);
        }
    }

    public void OnFailed(long state, Exception error)
    {
        lock (gate)
        {
            failures.Add(error);
        }
    }

    public void OnBatchEnd()
    {
        lock (gate)
        {
            batches++;
            foreach (var (count, reached) in waits)
            {
                if (committed.Count + failures.Count >= count)
                {
                    reached.TrySetResult();
                }
            }
        }
    }

    /// <summary>Completes when so many records were told of, well or ill.</summary>
    internal async Task WaitForAsync(int count)
    {
        Task wait;
        lock (gate)
        {
            if (committed.Count + failures.Count >= count)
            {
                return;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waits.Add((count, reached));
            wait = reached.Task;
        }

        await wait.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
