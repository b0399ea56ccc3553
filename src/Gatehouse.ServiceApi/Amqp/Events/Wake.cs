namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>Lets one waiter sleep until someone sets it; a set while nobody waits is kept, several are one.</summary>
internal sealed class Wake
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiting;
    private bool isSet;

    internal void Set()
    {
        TaskCompletionSource? sleeper;
        lock (gate)
        {
            (sleeper, waiting) = (waiting, null);
            isSet = sleeper is null;
        }

        sleeper?.TrySetResult();
    }

    internal Task WaitAsync()
    {
        lock (gate)
        {
            if (isSet)
            {
                isSet = false;
                return Task.CompletedTask;
            }

            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return waiting.Task;
        }
    }
}
