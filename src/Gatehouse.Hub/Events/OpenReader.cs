namespace Gatehouse.Hub.Events;

/// <summary>One reader's place among the others. Disposing leaves it.</summary>
internal sealed class OpenReader(OpenReaders owner, ReaderPlace place, long? level) : IDisposable
{
    private readonly Lock gate = new();
    private Action<ReaderFault>? whenEnded;
    private ReaderFault? fault;

    internal ReaderPlace Place { get; } = place;

    internal long? Level { get; } = level;

    /// <summary>Why the reader has to stop; null while it may go on.</summary>
    internal ReaderFault? Fault
    {
        get
        {
            lock (gate)
            {
                return fault;
            }
        }
    }

    /// <summary>Calls once, from any thread, when the reader has to stop; at once when it has to already.</summary>
    internal void WhenEnded(Action<ReaderFault> action)
    {
        ReaderFault? already;
        lock (gate)
        {
            already = fault;
            whenEnded = already is null ? action : null;
        }

        if (already is not null)
        {
            action(already);
        }
    }

    internal void End(ReaderFault why)
    {
        Action<ReaderFault>? action;
        lock (gate)
        {
            if (fault is not null)
            {
                return;
            }

            fault = why;
            (action, whenEnded) = (whenEnded, null);
        }

        owner.Leave(this);
        action?.Invoke(why);
    }

    public void Dispose()
    {
        lock (gate)
        {
            whenEnded = null;
        }

        owner.Leave(this);
    }
}
