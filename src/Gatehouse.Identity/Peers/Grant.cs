using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>One proved right. Its state is guarded by its connection's gate; listeners are called outside it, once.</summary>
internal abstract class Grant : IGrant
{
    private readonly List<GrantListener> listeners = new(1);
    private Principal principal;

    private protected Grant(PeerProofs owner, Judgement judged)
    {
        Owner = owner;
        principal = judged.Principal;
        Changes = judged.Changes;
    }

    public Principal Principal => Volatile.Read(ref principal);

    internal PeerProofs Owner { get; }

    /// <summary>Count of changes when it was last judged.</summary>
    internal long Changes { get; private set; }

    /// <summary>Why it has ended; null while it holds.</summary>
    internal HubError? Ended { get; private set; }

    internal bool IsListenedTo => listeners.Count > 0;

    public IDisposable WhenEnded(Action<HubError> action) => Owner.Listen(this, action);

    /// <summary>Something that it rests on has changed. Neither throws nor blocks.</summary>
    internal abstract void JudgeAgain();

    /// <summary>A newer judgement was good.</summary>
    internal void Renew(Judgement judged)
    {
        Volatile.Write(ref principal, judged.Principal);
        Changes = judged.Changes;
    }

    internal void Add(GrantListener listener)
    {
        listener.Place = listeners.Count;
        listeners.Add(listener);
    }

    internal void Remove(GrantListener listener)
    {
        var place = listener.Place;
        if (place < 0)
        {
            return;
        }

        // The last one takes its place: thousands of links may hang on one grant.
        listeners[place] = listeners[^1];
        listeners[place].Place = place;
        listeners.RemoveAt(listeners.Count - 1);
        listener.Place = -1;
    }

    /// <summary>Ends it; who must be told is added to <paramref name="due"/>.</summary>
    internal void End(HubError error, List<GrantListener> due)
    {
        if (Ended is not null)
        {
            return;
        }

        Ended = error;
        foreach (var listener in listeners)
        {
            listener.Place = -1;
        }

        due.AddRange(listeners);
        listeners.Clear();
    }
}
