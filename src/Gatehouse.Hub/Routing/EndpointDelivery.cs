using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.Sinks;

namespace Gatehouse.Hub.Routing;

/// <summary>Carries the queue of one endpoint to its far end: batches of one partition in order, again and again until they are there or go to the dead letters.</summary>
internal sealed class EndpointDelivery(EndpointPlace place, ISink sink, Positions positions, EndpointState state, DeadLetterBurial burial, RoutingParts parts, Action<long> moved)
{
    private TimeSpan pause = parts.Options.RetryPause;

    // After a refusal events go one by one, so that only the one that is refused leaves the queue.
    private int single;

    // Nothing was taken for so long that a whole batch was given up: what is as old goes without another try, or the queue of a dead endpoint would grow without end.
    private string? hopeless;

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(int part, long next, CancellationToken cancellationToken)
    {
        var empty = 0;
        while (true)
        {
            var extent = await SurveyAsync(part, next, cancellationToken);
            if (extent.Count == 0)
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
            (next, var mustPause) = await AttemptAsync(part, next, extent, cancellationToken);
            if (mustPause)
            {
                await Task.Delay(pause, parts.Time, cancellationToken);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, parts.Options.MaxRetryPause.Ticks));
            }
        }
    }

    /// <summary>Reads, sends and settles one batch; what it holds in memory is held no longer.</summary>
    private async Task<(long Next, bool MustPause)> AttemptAsync(int part, long next, Extent extent, CancellationToken cancellationToken)
    {
        using var held = await parts.Memory.TakeAsync(state, extent.Bytes, cancellationToken);
        var batch = await ReadAsync(part, next, extent.End, cancellationToken);
        if (batch.Count == 0)
        {
            return (next, true);
        }

        if (hopeless is not null)
        {
            var expired = batch.TakeWhile(IsExpired).ToList();
            if (expired.Count > 0)
            {
                return (await BuryAsync(part, expired, hopeless, cancellationToken), false);
            }

            hopeless = null;
        }

        var outcome = await SendAsync(part, batch, cancellationToken);
        if (outcome.Delivered > 0)
        {
            next = Move(part, batch[outcome.Delivered - 1].SequenceNumber + 1);
            pause = parts.Options.RetryPause;
            single = Math.Max(0, single - outcome.Delivered);
            var oldest = parts.Time.GetUtcNow() - batch[0].EnqueuedTime;
            parts.Metrics.Delivered(place, outcome.Delivered, oldest);
            if (state.Succeeded(outcome.Delivered, oldest))
            {
                parts.Log.EndpointHealthy(place.Hub.Value, place.Name);
            }
        }

        return outcome.Result == SinkResult.Delivered ? (next, false) : await GiveUpOrPauseAsync(part, batch, outcome, next, cancellationToken);
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

    private async Task<(long Next, bool MustPause)> GiveUpOrPauseAsync(int part, List<SinkEvent> batch, SinkOutcome outcome, long next, CancellationToken cancellationToken)
    {
        var error = outcome.Error ?? "";
        parts.Metrics.Failed(place, outcome.Result);
        if (state.Failed(error))
        {
            parts.Log.EndpointUnhealthy(place.Hub.Value, place.Name, error);
        }

        if (outcome.Result == SinkResult.Refused && batch.Count > 1)
        {
            single = batch.Count - outcome.Delivered;
            return (next, false);
        }

        var left = batch[outcome.Delivered..];
        var dead = outcome.Result == SinkResult.Refused ? left[..1] : left.TakeWhile(IsExpired).ToList();
        if (dead.Count == 0)
        {
            return (next, true);
        }

        hopeless = outcome.Result == SinkResult.Failed && dead.Count == left.Count ? error : null;
        return (await BuryAsync(part, dead, error, cancellationToken), false);
    }

    private bool IsExpired(SinkEvent each) => parts.Time.GetUtcNow() - each.QueuedTime > parts.Options.MaxDeliveryTime;

    /// <summary>First stored among the dead letters, then gone from the queue.</summary>
    private async Task<long> BuryAsync(int part, List<SinkEvent> dead, string reason, CancellationToken cancellationToken)
    {
        var buried = parts.Time.GetUtcNow().UtcTicks;
        var rows = dead.Select(each => new DeadLetterRow
        {
            Part = part,
            Sequence = each.SequenceNumber,
            Buried = buried,
            Enqueued = each.EnqueuedTime.UtcTicks,
            Reason = reason.Replace("\0", "", StringComparison.Ordinal),
            Size = each.Record.Length,
            Record = each.Record.ToArray(),
        }).ToList();
        var dropped = await burial.BuryAsync(place, rows, cancellationToken);
        state.DeadLettered(dead.Count);
        parts.Metrics.DeadLettered(place, dead.Count, dropped);
        parts.Log.MessagesDeadLettered(dead.Count, place.Hub.Value, place.Name, reason);
        if (dropped > 0)
        {
            parts.Log.DeadLettersDropped(dropped, place.Hub.Value, place.Name);
        }

        return Move(part, dead[^1].SequenceNumber + 1);
    }

    private long Move(int part, long next)
    {
        moved(next);
        positions.Move(place.Id, place.Queue, part, next);
        return next;
    }

    /// <summary>How far the next batch goes: as much as the sink wants at once; for a sink with a window, what came within it after the first. Nothing is kept while it is gathered.</summary>
    private async Task<Extent> SurveyAsync(int part, long from, CancellationToken cancellationToken)
    {
        var batching = sink.Batching;
        var (count, bytes, next, first) = (0, 0L, from, default(DateTimeOffset));
        while (true)
        {
            var stored = await place.Queue.ReadBlockAsync(part, next, cancellationToken);
            foreach (var each in stored)
            {
                if (count > 0 && (bytes + each.Record.Length > batching.MaxBytes || count >= (single > 0 ? 1 : batching.MaxEvents)))
                {
                    return new Extent(count, bytes, next);
                }

                first = count == 0 ? RoutedRecord.EnqueuedTimeOf(each) : first;
                (count, bytes, next) = (count + 1, bytes + each.Record.Length, each.SequenceNumber + 1);
            }

            if (stored.Count > 0)
            {
                continue;
            }

            var left = count == 0 || single > 0 ? TimeSpan.Zero : first + batching.Window - parts.Time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return new Extent(count, bytes, next);
            }

            await WaitAsync(part, next, left, cancellationToken);
        }
    }

    private async Task<List<SinkEvent>> ReadAsync(int part, long from, long end, CancellationToken cancellationToken)
    {
        var batch = new List<SinkEvent>();
        for (var next = from; next < end;)
        {
            var stored = await place.Queue.ReadBlockAsync(part, next, cancellationToken);
            if (stored.Count == 0)
            {
                break;
            }

            batch.AddRange(stored.TakeWhile(each => each.SequenceNumber < end).Select(each =>
                new SinkEvent(each.SequenceNumber, RoutedRecord.EnqueuedTimeOf(each), each.Record) { QueuedTime = each.EnqueuedTime }));
            next = stored[^1].SequenceNumber + 1;
        }

        return batch;
    }

    private async Task WaitAsync(int part, long next, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrived = place.Queue.WaitForEventsAsync(part, next - 1, stop.Token).AsTask();
        await Task.WhenAny(arrived, Task.Delay(longest, parts.Time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <param name="Count">Events.</param>
    /// <param name="Bytes">Of their records.</param>
    /// <param name="End">Sequence number behind the last.</param>
    private readonly record struct Extent(int Count, long Bytes, long End);
}
