using System.Buffers;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Gateway.Faults;
using Gatehouse.Gateway.Telemetry;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Streams.Log;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Telemetry of one device or module over one link: an outcome leaves once the message is durable. What is wrong with a message is its outcome; the link stays.</summary>
internal sealed class TelemetryLink : IncomingHandler, IAppendObserver
{
    private const int SmallHead = 16 * 1024;
    private const long NoOutcome = -1;
    private const long BatchMark = 1L << 32;

    private static readonly CancellationTokenSource Closed = Cancelled();

    [ThreadStatic]
    private static byte[]? smallHead;

    private readonly GatewayParts parts;
    private readonly LinkStanding standing;
    private readonly TelemetryChannel channel;
    private readonly byte[] stamps;
    private readonly FaultWatch? faults;

    // Both made at first use: most links never hold a message back, and few send batches.
    private BatchTable? batches;
    private CancellationTokenSource? closing;

    // Of the batch that could be handed in only in part.
    private (bool IsBegun, uint DeliveryId, int Place, int Next) begun;

    // Of the message or batch that waits for its rate or, once it has all of it, for the log.
    private (bool IsBegun, uint DeliveryId, RateClaim Rate) claim;

    internal TelemetryLink(GatewayParts parts, AmqpPeer peer, IGrant grant, TelemetryChannel channel, string? modelId)
    {
        (this.parts, this.channel) = (parts, channel);
        standing = new LinkStanding(parts, peer, grant, LinkPurpose.Telemetry);
        stamps = TelemetryStamps.Encode(standing.Principal, modelId);
        faults = parts.Faults is { } injection ? new FaultWatch(injection, standing.Principal, order => ConnectionFaults.Strike(Link, standing.Identity, order)) : null;
    }

    private CancellationToken Closing
    {
        get
        {
            if (Volatile.Read(ref closing) is { } present)
            {
                return present.Token;
            }

            var made = new CancellationTokenSource();
            return (Interlocked.CompareExchange(ref closing, made, null) ?? made).Token;
        }
    }

    public override void OnAttached() => standing.Begin(Link, null);

    public override void OnClosed()
    {
        standing.End(null);
        Interlocked.Exchange(ref closing, Closed)?.Cancel();
        channel.GiveBack(ref claim.Rate);
        channel.Dispose();
        faults?.Dispose();
    }

    public override bool TryTake(in IncomingMessage message)
    {
        standing.Touch();
        if (faults is not null && TakeFault(message))
        {
            return true;
        }

        return message.Format == BatchReader.MessageFormat ? TryTakeBatch(message) : TryTakeOne(message);
    }

    public void OnCommitted(long appended)
    {
        if (appended < BatchMark)
        {
            if (appended != NoOutcome)
            {
                Link.Settle((uint)appended, Outcome.Accepted);
            }
        }
        else if (batches!.Finish((int)(appended - BatchMark), isDurable: true, out var batch))
        {
            Settle(batch);
        }
    }

    // Rejected as the server's fault: SDKs send again what has met an internal error, and give up what was released.
    public void OnFailed(long appended, Exception error)
    {
        if (appended < BatchMark)
        {
            if (appended != NoOutcome)
            {
                Link.Settle((uint)appended, Outcome.Rejected, AmqpErrors.From(HubErrors.ServerError));
            }
        }
        else if (batches!.Finish((int)(appended - BatchMark), isDurable: false, out var batch))
        {
            Settle(batch);
        }
    }

    public void OnBatchEnd() => Link.FlushSoon();

    // Of a batch the outer message counts: the C client orders faults there.
    private bool TakeFault(in IncomingMessage message)
    {
        if (faults!.Refusal is { } refusal)
        {
            standing.Reject(Link, message, refusal);
            return true;
        }

        var rented = ArrayPool<byte>.Shared.Rent(MessageEvent.MaxHeadBytes(MessageEvent.CountSectionBytes(message.Bytes.Span), stamps.Length));
        try
        {
            if (MessageEvent.TryBuild(message.Bytes.Span, stamps, rented, out var head, out _) != MessageFault.None || !faults.TryTake(head))
            {
                return false;
            }
        }
        finally
        {
            Return(rented);
        }

        if (!message.IsSettled)
        {
            Link.Settle(message.DeliveryId, Outcome.Accepted);
            Link.FlushSoon();
        }

        return true;
    }

    private bool TryTakeOne(in IncomingMessage message)
    {
        if (!IsClaimed(message))
        {
            claim = (true, message.DeliveryId, new RateClaim(1));
        }

        if (!TryReserve(message, out var mustWait))
        {
            return !mustWait;
        }

        var fault = TryAppend(message.Bytes, message.IsSettled ? NoOutcome : message.DeliveryId, isRehearsal: false, out mustWait);
        if (fault != MessageFault.None)
        {
            standing.Reject(Link, message, fault.ToError());
        }

        claim = mustWait ? claim : default;
        return !mustWait;
    }

    private bool TryTakeBatch(in IncomingMessage message)
    {
        if (!begun.IsBegun || begun.DeliveryId != message.DeliveryId)
        {
            // Read once, however often it has to wait for its rate.
            if (!IsClaimed(message))
            {
                var fault = Rehearse(message, out var count);
                if (fault != MessageFault.None)
                {
                    standing.Reject(Link, message, fault.ToError());
                    return true;
                }

                if (count == 0)
                {
                    Settle(new BatchTable.Batch(message.DeliveryId, message.IsSettled, 0, false));
                    Link.FlushSoon();
                    return true;
                }

                claim = (true, message.DeliveryId, new RateClaim(count));
            }

            if (!TryReserve(message, out var mustHold))
            {
                return !mustHold;
            }

            begun = (true, message.DeliveryId, (batches ??= new()).Begin(message.DeliveryId, message.IsSettled, claim.Rate.Messages), 0);
            claim = default;
        }

        var reader = new BatchReader(message.Bytes.Span);
        for (var i = 0; reader.Read(); i++)
        {
            if (i < begun.Next)
            {
                continue;
            }

            _ = TryAppend(Slice(message.Bytes, reader.Message), BatchMark + begun.Place, isRehearsal: false, out var mustWait);
            if (mustWait)
            {
                return false;
            }

            begun.Next = i + 1;
        }

        begun = default;
        return true;
    }

    private bool IsClaimed(in IncomingMessage message) => claim.IsBegun && claim.DeliveryId == message.DeliveryId;

    // Its rate, once for each message: one that only waits for the log has it already. False: held back, or refused.
    private bool TryReserve(in IncomingMessage message, out bool mustWait)
    {
        mustWait = false;
        if (channel.TryReserve(ref claim.Rate, out var wait, out var refusal))
        {
            return true;
        }

        if (refusal is not null)
        {
            claim = default;
            standing.Reject(Link, message, refusal);
            return false;
        }

        mustWait = true;
        _ = ResumeAsync(wait);
        return false;
    }

    // A bad message rejects the batch before any of it is handed in.
    private MessageFault Rehearse(in IncomingMessage message, out int count)
    {
        count = 0;
        if (message.Bytes.Length > channel.MaxMessageBytes)
        {
            return MessageFault.TooLarge;
        }

        var reader = new BatchReader(message.Bytes.Span);
        while (reader.Read())
        {
            if (++count > parts.Options.MaxBatchMessages)
            {
                return MessageFault.TooManyInBatch;
            }

            var fault = TryAppend(Slice(message.Bytes, reader.Message), NoOutcome, isRehearsal: true, out _);
            if (fault != MessageFault.None)
            {
                return fault;
            }
        }

        return reader.Fault == AmqpFault.None ? MessageFault.None : MessageFault.Malformed;
    }

    private MessageFault TryAppend(ReadOnlyMemory<byte> message, long appended, bool isRehearsal, out bool mustWait)
    {
        mustWait = false;
        byte[]? rented = null;
        byte[]? joined = null;
        try
        {
            var room = MessageEvent.MaxHeadBytes(message.Length, stamps.Length) <= SmallHead
                ? smallHead ??= new byte[SmallHead]
                : rented = ArrayPool<byte>.Shared.Rent(MessageEvent.MaxHeadBytes(MessageEvent.CountSectionBytes(message.Span), stamps.Length));
            var fault = MessageEvent.TryBuild(message.Span, stamps, room, out var head, out var place);
            if (fault != MessageFault.None || place.Length > channel.MaxMessageBytes)
            {
                return fault != MessageFault.None ? fault : MessageFault.TooLarge;
            }

            if (isRehearsal)
            {
                return MessageFault.None;
            }

            var body = message.Slice(place.Start, place.Sections == 1 ? place.Length : 0);
            if (place.Sections > 1)
            {
                joined = ArrayPool<byte>.Shared.Rent(place.Length);
                BodyPlace.Join(message.Span, joined);
                body = joined.AsMemory(0, place.Length);
            }

            return Append(head, body, appended, out mustWait);
        }
        finally
        {
            Return(rented);
            Return(joined);
        }
    }

    private MessageFault Append(ReadOnlySpan<byte> head, ReadOnlyMemory<byte> body, long appended, out bool mustWait)
    {
        var outcome = channel.TryAppendReserved(head, new ReadOnlySequence<byte>(body), this, appended);
        mustWait = outcome == TelemetryOutcome.LogFull;
        if (mustWait)
        {
            _ = ResumeAsync(null);
        }

        return outcome == TelemetryOutcome.TooLarge ? MessageFault.TooLarge : MessageFault.None;
    }

    // Other links of the connection go on meanwhile.
    private async Task ResumeAsync(TimeSpan? wait)
    {
        try
        {
            if (wait is { } time)
            {
                await Task.Delay(time, parts.Time, Closing);
            }
            else
            {
                await channel.WaitForRoomAsync(Closing);
            }

            Link.Resume();
        }
        catch (OperationCanceledException)
        {
            // The link is gone.
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            parts.Log.LinkCannotStore(standing.Hub.Value, standing.Identity.ToString(), error);
            Link.Detach(AmqpErrors.Of(AmqpConditions.DetachForced, HubErrors.ServiceUnavailable.Message));
        }
    }

    private void Settle(BatchTable.Batch batch)
    {
        if (batch.IsSettled)
        {
            return;
        }

        if (batch.HasFailed)
        {
            Link.Settle(batch.DeliveryId, Outcome.Rejected, AmqpErrors.From(HubErrors.ServerError));
        }
        else
        {
            Link.Settle(batch.DeliveryId, Outcome.Accepted);
        }
    }

    private static CancellationTokenSource Cancelled()
    {
        var source = new CancellationTokenSource();
        source.Cancel();
        return source;
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> whole, ReadOnlySpan<byte> part)
    {
        _ = whole.Span.Overlaps(part, out var start);
        return whole.Slice(part.IsEmpty ? 0 : start, part.Length);
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
