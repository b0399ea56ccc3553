using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>One proved right. Its state is guarded by its connection's gate; listeners are called outside it, once.</summary>
internal abstract class Grant : IGrant, ICertificateUse
{
    private OneOrMany<GrantListener> listeners;
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

    void ICertificateUse.JudgeAgain() => JudgeAgain();

    /// <summary>A newer judgement was good.</summary>
    internal void Renew(Judgement judged)
    {
        Volatile.Write(ref principal, judged.Principal);
        Changes = judged.Changes;
    }

    internal void Add(GrantListener listener) => listeners.Add(listener);

    internal void Remove(GrantListener listener) => listeners.Remove(listener);

    /// <summary>Ends it; who must be told is added to <paramref name="due"/>.</summary>
    internal void End(HubError error, List<GrantListener> due)
    {
        if (Ended is not null)
        {
            return;
        }

        Ended = error;
        due.AddRange(listeners.Items);
        listeners.Clear();
    }
}
