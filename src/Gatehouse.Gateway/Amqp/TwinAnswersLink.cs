using System.Buffers.Binary;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Twins;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>What one device or module hears of its twin: answers to what it asked on the other link of the pair, and desired changes while it observes them.</summary>
internal sealed class TwinAnswersLink(GatewayParts parts, AmqpPeer peer, IGrant grant) : OutgoingHandler, IOwnedLink
{
    private readonly Lock gate = new();
    private readonly Queue<(byte[] Message, TaskCompletionSource? Sent)> waiting = new();
    private int waitingBytes;
    private ulong tag;
    private bool hasEnded;
    private IDisposable? watch;

    public LinkStanding Standing { get; } = new(parts, peer, grant, LinkPurpose.TwinAnswers);

    public override void OnAttached() => Standing.Begin(Link, this);

    public override void OnCredit() => Flush();

    public override void OnClosed()
    {
        Standing.End(this);
        TaskCompletionSource?[] left;
        lock (gate)
        {
            hasEnded = true;
            watch?.Dispose();
            left = [.. waiting.Select(static each => each.Sent)];
            waiting.Clear();
        }

        Array.ForEach(left, static each => each?.TrySetResult());
    }

    public void Displace() => LinkStanding.Displace(Link);

    /// <summary>Desired changes from now on; C# asks before each of its requests.</summary>
    internal void Observe()
    {
        lock (gate)
        {
            if (!hasEnded)
            {
                watch ??= parts.Twins.WatchDesired(Standing.Hub, Standing.Identity, OnDesired);
            }
        }
    }

    internal void Forget()
    {
        lock (gate)
        {
            watch?.Dispose();
            watch = null;
        }
    }

    /// <summary>Sends an answer; done when it is on its way or the link is gone. One at a time: the device's next requests wait.</summary>
    internal Task SendAsync(byte[] message)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (hasEnded)
            {
                return Task.CompletedTask;
            }

            Add(message, sent);
        }

        Flush();
        return sent.Task;
    }

    private void OnDesired(DesiredChange change)
    {
        var message = TwinMessage.Desired(change.Json.Span);
        lock (gate)
        {
            if (hasEnded)
            {
                return;
            }

            if (waiting.Count > 0 && waitingBytes + message.Length > parts.Options.MaxUnreadBytes)
            {
                // A change that was left out would never be seen; a device that attaches again reads the twin. Not on the writer's thread: detaching takes locks.
                ThreadPool.UnsafeQueueUserWorkItem(static link => link.End(), this, preferLocal: false);
                return;
            }

            Add(message, null);
        }

        // The writer of the twin has others to tell.
        ThreadPool.UnsafeQueueUserWorkItem(static link => link.Flush(), this, preferLocal: false);
    }

    private void End() => Link.Detach(AmqpErrors.Of(AmqpConditions.DetachForced, "The device does not read its desired properties."));

    private void Add(byte[] message, TaskCompletionSource? sent)
    {
        waiting.Enqueue((message, sent));
        waitingBytes += message.Length;
    }

    private void Flush()
    {
        bool isEmpty;
        lock (gate)
        {
            Span<byte> name = stackalloc byte[8];
            while (waiting.TryPeek(out var next))
            {
                BinaryPrimitives.WriteUInt64BigEndian(name, tag);
                if (!Link.TrySend(name, 0, next.Message, settled: true, out _))
                {
                    break;
                }

                tag++;
                waitingBytes -= next.Message.Length;
                waiting.Dequeue().Sent?.TrySetResult();
            }

            isEmpty = waiting.Count == 0;
        }

        if (isEmpty)
        {
            Link.CompleteDrain();
        }

        Link.FlushSoon();
    }
}
