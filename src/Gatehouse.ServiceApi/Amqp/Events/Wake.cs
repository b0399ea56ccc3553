using System.Threading.Tasks.Sources;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>Lets one waiter sleep until someone sets it; a set while nobody waits is kept, several are one. One task waits, any thread sets; nothing is allocated.</summary>
internal sealed class Wake : IValueTaskSource
{
    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<bool> sleep;
    private bool isWaiting;
    private bool isSet;

    /// <summary>The waiter goes on on a pool thread.</summary>
    internal void Set() => Set(isHere: false);

    /// <summary>The waiter goes on on this thread, before the call returns.</summary>
    internal void SetHere() => Set(isHere: true);

    internal ValueTask WaitAsync()
    {
        lock (gate)
        {
            if (isSet)
            {
                isSet = false;
                return ValueTask.CompletedTask;
            }

            sleep.Reset();
            isWaiting = true;
            return new ValueTask(this, sleep.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => sleep.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => sleep.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        sleep.OnCompleted(continuation, state, token, flags);

    private void Set(bool isHere)
    {
        lock (gate)
        {
            if (!isWaiting)
            {
                isSet = true;
                return;
            }

            isWaiting = false;
            sleep.RunContinuationsAsynchronously = !isHere;
        }

        // Outside the lock: the waiter may wait again within the call. It is the only one, so nobody resets before.
        sleep.SetResult(true);
    }
}
