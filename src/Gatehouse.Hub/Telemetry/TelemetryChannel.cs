using System.Buffers;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Throttling;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Telemetry;

/// <summary>One session's or link's way into the event log. Used by it only; dispose it with the session.</summary>
public sealed class TelemetryChannel : IDisposable
{
    private readonly HubIntake intake;
    private readonly int partition;
    private readonly TelemetryOptions options;
    private readonly TelemetryMetrics metrics;
    private readonly Throttles throttles;
    private readonly ClassThrottle? limit;
    private readonly Meter? meter;
    private readonly int slice;
    private RateClaim publish = new(1);
    private int isDisposed;

    internal TelemetryChannel(HubIntake intake, int partition, TelemetryOptions options, TelemetryMetrics metrics, Throttles throttles, DeviceShare? share)
    {
        (this.intake, this.partition, this.options, this.metrics, this.throttles, Share) = (intake, partition, options, metrics, throttles, share);
        limit = share?.Hub[ThrottleClass.DeviceToCloudSends];
        meter = limit is null ? null : share!.MeterOf(ThrottleClass.DeviceToCloudSends);
        slice = Math.Min(limit?.Slice ?? int.MaxValue, share?.Telemetry is { } own ? ClassThrottle.SliceOf(own) : int.MaxValue);
    }

    /// <summary>Largest body taken. Bytes.</summary>
    public int MaxMessageBytes => options.MaxMessageBytes;

    /// <summary>What the device uses of the hub's limits, for what else its session does; null: nothing is limited.</summary>
    public DeviceShare? Share { get; }

    /// <summary>Hands in one message, for those who cannot refuse any; allocates nothing.</summary>
    /// <param name="head">Head of the event record, stamps and properties.</param>
    /// <param name="body">As the device sent it; copied before the call returns.</param>
    /// <param name="observer">Told once the message is durable.</param>
    /// <param name="state">Handed back to the observer.</param>
    /// <param name="wait">For Throttled: when it is worth trying again.</param>
    public TelemetryOutcome TryAppend(ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (body.Length > options.MaxMessageBytes)
        {
            return TelemetryOutcome.TooLarge;
        }

        if (!TryTake(ref publish, out var ticks))
        {
            Hold(ref publish, throttles.Clock.Now);
            wait = throttles.Clock.SpanOf(ticks);
            return TelemetryOutcome.Throttled;
        }

        var outcome = TryAppendReserved(head, body, observer, state);
        if (outcome == TelemetryOutcome.LogFull)
        {
            GiveBack(ref publish);
        }

        publish = new(1);
        return outcome;
    }

    /// <summary>Takes the rate of a message or batch, which is taken whole or not at all; hand it in with <see cref="TryAppendReserved"/>. Ask again with the same claim.</summary>
    /// <remarks>Slice by slice: a large batch does not have the hub's rate on credit, and does not have to find all of it at once.</remarks>
    /// <param name="claim">What the batch has so far. Nothing, when it was refused; give it back when its sender leaves.</param>
    /// <param name="wait">When false: when it is worth trying again.</param>
    /// <param name="refusal">When false: what to tell the peer when it would have to be held back for too long; else null.</param>
    public bool TryReserve(ref RateClaim claim, out TimeSpan wait, out HubError? refusal)
    {
        (wait, refusal) = (TimeSpan.Zero, null);
        if (TryTake(ref claim, out var ticks))
        {
            return true;
        }

        // What follows the slice comes no faster than the rate.
        var clock = throttles.Clock;
        var (now, rest) = (clock.Now, claim.Messages - claim.Taken - Math.Min(slice, claim.Messages - claim.Taken));
        var whole = ticks + Math.Max(limit?.TicksOf(rest) ?? 0, Share!.Telemetry?.TicksOf(rest) ?? 0);
        var already = claim.HeldSince is { } since ? now - since : 0;
        if (clock.SpanOf(already + whole) > throttles.Hold)
        {
            GiveBack(ref claim);
            refusal = throttles.Refuse(Share, whole);
            return false;
        }

        Hold(ref claim, now);
        wait = clock.SpanOf(ticks);
        return false;
    }

    /// <summary>Puts back what was taken and is not used.</summary>
    public void GiveBack(ref RateClaim claim)
    {
        if (claim.Taken > 0)
        {
            Share?.Telemetry?.GiveBack(claim.Taken);
            limit?.GiveBack(claim.Taken, meter, throttles.Clock.Now);
        }

        claim = new(claim.Messages);
    }

    /// <summary>Hands in one message whose rate was taken; otherwise like <see cref="TryAppend"/>.</summary>
    public TelemetryOutcome TryAppendReserved(ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state)
    {
        if (body.Length > options.MaxMessageBytes)
        {
            return TelemetryOutcome.TooLarge;
        }

        if (!intake.Log.TryAppend(partition, head, body, observer, state))
        {
            return TelemetryOutcome.LogFull;
        }

        metrics.Taken(body.Length);
        return TelemetryOutcome.Queued;
    }

    /// <summary>Completes when <see cref="TelemetryOutcome.LogFull"/> is worth another try.</summary>
    /// <exception cref="IOException">The log cannot store anything.</exception>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => intake.Log.WaitForRoomAsync(cancellationToken);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            Share?.Dispose();
        }
    }

    private bool TryTake(ref RateClaim claim, out long wait)
    {
        wait = 0;
        if (Share is not { } share)
        {
            return true;
        }

        while (claim.Taken < claim.Messages)
        {
            var (next, now) = (Math.Min(slice, claim.Messages - claim.Taken), throttles.Clock.Now);
            if (share.Telemetry is { } own && !own.TryTake(next, now, 0, out wait))
            {
                return false;
            }

            if (limit is not null && !limit.TryTake(next, meter, now, out wait))
            {
                share.Telemetry?.GiveBack(next);
                return false;
            }

            claim.Taken += next;
        }

        return true;
    }

    // Counted once for each message or batch, however often it tries.
    private void Hold(ref RateClaim claim, long now)
    {
        if (claim.HeldSince is null)
        {
            claim.HeldSince = now;
            metrics.Throttled();
            throttles.HeldBack(Share!.Hub.Name);
        }
    }
}
