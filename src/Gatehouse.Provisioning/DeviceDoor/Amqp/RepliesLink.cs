using System.Buffers.Binary;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>Answers on their way to a device. A link of requests takes no other before its answer is on the wire, so few wait here.</summary>
internal sealed class RepliesLink : OutgoingHandler
{
    private readonly Lock gate = new();
    private readonly Queue<(byte[] Message, TaskCompletionSource Sent)> waiting = new();
    private readonly RegistrationPeer peer;
    private ulong tag;
    private bool hasEnded;

    internal RepliesLink(RegistrationPeer peer, string registrationId) => (this.peer, RegistrationId) = (peer, registrationId);

    internal string RegistrationId { get; }

    public override void OnAttached()
    {
        peer.Add(this);
        bool isGone;
        lock (gate)
        {
            isGone = hasEnded;
        }

        if (isGone)
        {
            peer.Remove(this);
        }
    }

    public override void OnCredit()
    {
        bool isEmpty;
        lock (gate)
        {
            Span<byte> name = stackalloc byte[sizeof(ulong)];
            while (waiting.TryPeek(out var next))
            {
                BinaryPrimitives.WriteUInt64BigEndian(name, tag);
                if (!Link.TrySend(name, 0, next.Message, settled: true, out _))
                {
                    break;
                }

                tag++;
                waiting.Dequeue().Sent.TrySetResult();
            }

            isEmpty = waiting.Count == 0;
        }

        if (isEmpty)
        {
            Link.CompleteDrain();
        }

        Link.FlushSoon();
    }

    // Sent settled, unless the device wants it otherwise: whatever it says of an answer is the end of it.
    public override void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
        if (!isSettled)
        {
            Link.Settle(deliveryId, outcome);
        }
    }

    public override void OnClosed()
    {
        peer.Remove(this);
        peer.Leave();
        lock (gate)
        {
            hasEnded = true;
            while (waiting.TryDequeue(out var left))
            {
                left.Sent.TrySetResult();
            }
        }
    }

    /// <summary>Sends an answer when there is credit; done when it is on its way or the link is gone.</summary>
    internal Task SendAsync(byte[] message)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (hasEnded)
            {
                return Task.CompletedTask;
            }

            waiting.Enqueue((message, sent));
        }

        OnCredit();
        return sent.Task;
    }
}
