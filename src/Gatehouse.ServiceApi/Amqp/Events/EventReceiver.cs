using System.Buffers.Binary;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Events;
using Gatehouse.Streams.Log;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>Feeds one partition receiver: reads a block of the log when there is credit, encodes each event into the same buffer, sleeps at the end until an event or credit comes.</summary>
/// <remarks>What it holds is one block and one encoded message, however long the client does not read.</remarks>
internal sealed class EventReceiver(PartitionReader reader, IGrant grant, RuntimeMetric? metric, ILogger log) : OutgoingHandler
{
    // Bytes that gather before they are encrypted and sent: a TLS record or two, so that the client works while we do.
    private const int FlushBytes = 32 * 1024;

    // A buffer that one large message grew is not kept for small ones.
    private const int KeptBytes = 64 * 1024;

    // A reader of old events lets others have the thread after so many blocks.
    private const int BlocksInARow = 8;

    private readonly Wake wake = new();
    private readonly AmqpBuffer message = new();
    private IDisposable? granted;
    private volatile bool isClosed;
    private bool isWaiting;

    public override void OnAttached()
    {
        granted = grant.WhenEnded(error => Link.Detach(AmqpErrors.From(error)));
        reader.WhenEnded(fault => Link.Detach(EventErrors.From(fault)));
        _ = RunAsync();
    }

    public override void OnCredit() => wake.Set();

    public override void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
        // Reading consumes nothing: whatever the client says of an event, it stays in the log.
        if (!isSettled)
        {
            Link.Settle(deliveryId, Outcome.Accepted);
        }
    }

    public override void OnClosed()
    {
        isClosed = true;
        granted?.Dispose();
        reader.Dispose();
        wake.Set();
    }

    private async Task RunAsync()
    {
        // The engine's thread is not ours to read the log on.
        await Task.Yield();
        try
        {
            for (var blocks = 1; !isClosed; blocks++)
            {
                switch (await SendBlockAsync())
                {
                    case Step.AtEnd:
                        WatchForEvents();
                        Link.CompleteDrain();
                        await wake.WaitAsync();
                        break;
                    case Step.NoCredit:
                        await wake.WaitAsync();
                        break;
                    case Step.Sent when blocks % BlocksInARow == 0:
                        await Task.Yield();
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (isClosed)
        {
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            log.ReadFailed(failure, reader.Partition);
            Link.Detach(AmqpErrors.From(HubErrors.ServerError));
        }
        finally
        {
            // The link may have gone before the grant was watched.
            granted?.Dispose();
        }
    }

    private async ValueTask<Step> SendBlockAsync()
    {
        // Credit that comes after this look has the log looked at again: a drain is answered only once there was nothing to send for it.
        if (!Link.HasCredit)
        {
            return Step.NoCredit;
        }

        var events = await reader.ReadAsync(CancellationToken.None);
        if (events.Count == 0)
        {
            return Step.AtEnd;
        }

        metric?.Update(reader.State);
        for (var sent = Send(events, 0); sent < events.Count && !isClosed; sent = Send(events, sent))
        {
            await wake.WaitAsync();
        }

        if (message.Capacity > KeptBytes)
        {
            message.Release();
        }

        return Step.Sent;
    }

    /// <summary>Sends from this event on, as many as there is credit and room for; returns the first that is left.</summary>
    private int Send(IReadOnlyList<StoredEvent> events, int from)
    {
        Span<byte> tag = stackalloc byte[sizeof(long)];
        var gathered = 0;
        for (; from < events.Count && !isClosed; from++)
        {
            var stored = events[from];
            message.Clear();
            EventMessage.Write(message, stored, metric is null ? default : metric.Section);
            BinaryPrimitives.WriteInt64BigEndian(tag, stored.SequenceNumber);
            if (!Link.TrySend(tag, 0, message.Written, settled: true, out _))
            {
                break;
            }

            gathered += message.Length;
            if (gathered >= FlushBytes)
            {
                Link.Flush();
                gathered = 0;
            }
        }

        Link.Flush();
        return from;
    }

    private void WatchForEvents()
    {
        if (!isWaiting)
        {
            isWaiting = true;
            _ = WakeOnEventsAsync();
        }
    }

    private async Task WakeOnEventsAsync()
    {
        try
        {
            await reader.WaitAsync();
        }
        catch (OperationCanceledException)
        {
            // The reader was closed.
        }
        catch (ObjectDisposedException)
        {
            // The log was: the server stops.
        }

        // The log told us on a pool thread of our own.
        isWaiting = false;
        wake.SetHere();
    }

    private enum Step
    {
        /// <summary>A block was sent.</summary>
        Sent,

        /// <summary>There is nothing to send yet.</summary>
        AtEnd,

        /// <summary>Nobody takes anything now.</summary>
        NoCredit,
    }
}
