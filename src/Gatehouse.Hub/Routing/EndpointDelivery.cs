using System.Buffers;
using Gatehouse.Sinks;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Carries the queue of one endpoint to its far end: batches of one partition in order, again and again until they are there or go to the dead letters.</summary>
internal sealed class EndpointDelivery(EndpointPlace place, ISink sink, Positions positions, EndpointState state, RoutingParts parts, Action<long> moved)
{
    private readonly RoutedRecord record = new();
    private TimeSpan pause = parts.Options.RetryPause;

    // After a refusal events go one by one, so that only the one that is refused leaves the queue.
    private int single;

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(int part, long next, CancellationToken cancellationToken)
    {
        var empty = 0;
        while (true)
        {
            var batch = await GatherAsync(part, next, cancellationToken);
            if (batch.Count == 0)
            {
                await place.Queue.WaitForEventsAsync(part, next - 1, cancellationToken);
                if (++empty > 2)
                {
                    // Something is there that cannot be read.
                    await Task.Delay(parts.Options.MaxRetryPause, parts.Time, cancellationToken);
                }

                continue;
            }

            empty = 0;

            var outcome = await SendAsync(part, batch, cancellationToken);
            if (outcome.Delivered > 0)
            {
                next = Move(part, batch[outcome.Delivered - 1].SequenceNumber + 1);
                pause = parts.Options.RetryPause;
                single = Math.Max(0, single - outcome.Delivered);
                var oldest = parts.Time.GetUtcNow() - batch[0].EnqueuedTime;
                parts.Metrics.Delivered(place.Type, outcome.Delivered, oldest);
                if (state.Succeeded(outcome.Delivered, oldest))
                {
                    parts.Log.EndpointHealthy(place.Hub.Value, place.Name);
                }
            }

            if (outcome.Result != SinkResult.Delivered)
            {
                next = await GiveUpOrWaitAsync(part, batch, outcome, next, cancellationToken);
            }
        }
    }

    private async Task<SinkOutcome> SendAsync(int part, List<SinkEvent> batch, CancellationToken cancellationToken)
    {
        try
        {
            return await sink.SendAsync(new SinkBatch { Hub = place.Hub.Value, Endpoint = place.Name, Partition = part, Events = batch }, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return SinkOutcome.Failed($"{error.GetType().Name}: {error.Message}");
        }
    }

    private async Task<long> GiveUpOrWaitAsync(int part, List<SinkEvent> batch, SinkOutcome outcome, long next, CancellationToken cancellationToken)
    {
        if (state.Failed(outcome.Error ?? ""))
        {
            parts.Log.EndpointUnhealthy(place.Hub.Value, place.Name, outcome.Error ?? "");
        }

        if (outcome.Result == SinkResult.Refused && batch.Count > 1)
        {
            single = batch.Count - outcome.Delivered;
            return next;
        }

        // All that have waited too long at once: one for each attempt would let the queue of a dead endpoint grow without end.
        var now = parts.Time.GetUtcNow();
        var dead = outcome.Result == SinkResult.Refused ? 1 : batch.Skip(outcome.Delivered).TakeWhile(each => now - each.EnqueuedTime > parts.Options.MaxDeliveryTime).Count();
        foreach (var each in batch.Slice(outcome.Delivered, dead))
        {
            await BuryAsync(part, each, outcome.Error ?? "", cancellationToken);
            next = Move(part, each.SequenceNumber + 1);
        }

        if (dead > 0)
        {
            return next;
        }

        await Task.Delay(pause, parts.Time, cancellationToken);
        pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, parts.Options.MaxRetryPause.Ticks));
        return next;
    }

    private async Task BuryAsync(int part, SinkEvent dead, string reason, CancellationToken cancellationToken)
    {
        var wait = new CommitWait();
        wait.Add();
        while (!TryBury(part, dead, reason, wait))
        {
            await place.DeadLetters.WaitForRoomAsync(cancellationToken);
        }

        if (!await wait.WaitAsync().WaitAsync(cancellationToken))
        {
            throw new IOException("A dead letter could not be stored.");
        }

        state.DeadLettered();
        parts.Metrics.DeadLettered(place.Type);
        parts.Log.MessageDeadLettered(place.Hub.Value, place.Name, reason);
    }

    private bool TryBury(int part, SinkEvent dead, string reason, CommitWait wait) =>
        place.DeadLetters.TryAppend(part, record.DeadHead(dead.Record.Span, reason), new ReadOnlySequence<byte>(RoutedRecord.BodyOf(dead.Record)), wait, 0);

    private long Move(int part, long next)
    {
        moved(next);
        positions.Move(place.Id, place.Queue, part, next);
        return next;
    }

    /// <summary>As much as the sink wants at once; for a sink with a window, what came within it after the first.</summary>
    private async Task<List<SinkEvent>> GatherAsync(int part, long from, CancellationToken cancellationToken)
    {
        var batching = sink.Batching;
        var batch = new List<SinkEvent>();
        var (bytes, next) = (0L, from);
        while (true)
        {
            var stored = await place.Queue.ReadBlockAsync(part, next, cancellationToken);
            foreach (var each in stored)
            {
                if (batch.Count > 0 && (bytes + each.Record.Length > batching.MaxBytes || batch.Count >= (single > 0 ? 1 : batching.MaxEvents)))
                {
                    return batch;
                }

                batch.Add(new SinkEvent(each.SequenceNumber, RoutedRecord.EnqueuedTimeOf(each), each.Record));
                bytes += each.Record.Length;
                next = each.SequenceNumber + 1;
            }

            if (stored.Count > 0)
            {
                continue;
            }

            var left = batch.Count == 0 || single > 0 ? TimeSpan.Zero : batch[0].EnqueuedTime + batching.Window - parts.Time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return batch;
            }

            await WaitAsync(part, next, left, cancellationToken);
        }
    }

    private async Task WaitAsync(int part, long next, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrived = place.Queue.WaitForEventsAsync(part, next - 1, stop.Token).AsTask();
        await Task.WhenAny(arrived, Task.Delay(longest, parts.Time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
