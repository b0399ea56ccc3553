using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>One link of a session. All its state is guarded by the connection's gate; handlers are called outside it.</summary>
public abstract class AmqpLink
{
    private int closedOnce;

    private protected AmqpLink(AmqpSession session, Attach attach)
    {
        Session = session;
        Name = attach.Name;
        Handle = attach.Handle;
        PeerSends = !attach.IsReceiver;
        Address = session.Connection.Parts.Options.KeepLinkAddresses && Terminus.TryRead(PeerSends ? attach.Target : attach.Source, out var node, out _) ? node.Address ?? "" : "";
        ReceiverSettleMode = attach.ReceiverSettleMode;
        SenderSettleMode = attach.SenderSettleMode;
    }

    public string Name { get; }

    /// <summary>Whether the link can carry messages now.</summary>
    public bool IsOpen => Volatile.Read(ref state) == (int)LinkState.Attached;

    /// <summary>0: outcomes are final (first). 1: the other side settles after it has seen the outcome (second).</summary>
    public byte ReceiverSettleMode { get; }

    /// <summary>0: everything unsettled. 1: everything settled. 2: mixed.</summary>
    public byte SenderSettleMode { get; }

    /// <summary>The name as it may stand in a log: the peer chose it.</summary>
    internal string LogName => LogText.Of(Name);

    internal AmqpSession Session { get; }

    internal uint Handle { get; }

    internal bool PeerSends { get; }

    /// <summary>Of the node, as the peer wrote it; empty unless addresses are kept.</summary>
    internal string Address { get; }

    /// <summary>Cancels the door's decision when the link goes before it is made.</summary>
    internal CancellationTokenSource? Deciding { get; set; }

    /// <summary>Its callbacks run elsewhere: the gate may be held here.</summary>
    internal void GiveUpDeciding() => _ = Deciding?.CancelAsync();

    internal LinkState State
    {
        get => (LinkState)Volatile.Read(ref state);
        set => Volatile.Write(ref state, (int)value);
    }

    private int state;

    /// <summary>Detaches the link (closed) with the error; this link only. From any thread, more than once.</summary>
    public void Detach(AmqpError error) => Session.Connection.DetachLink(this, error);

    /// <summary>Tells the handler, once; never under the gate.</summary>
    internal void NotifyClosed()
    {
        if (Interlocked.Exchange(ref closedOnce, 1) == 0)
        {
            OnClosed();
        }
    }

    /// <summary>Gives back what the link holds; hold the gate.</summary>
    internal abstract void Release();

    private protected abstract void OnClosed();

    /// <summary>Tells the handler, once; never under the gate.</summary>
    internal virtual void CallOnAttached()
    {
    }
}
