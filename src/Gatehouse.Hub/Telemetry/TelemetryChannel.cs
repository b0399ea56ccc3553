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
    private int isDisposed;

    internal TelemetryChannel(HubIntake intake, int partition, TelemetryOptions options, TelemetryMetrics metrics, Throttles throttles, DeviceShare? share)
    {
        (this.intake, this.partition, this.options, this.metrics, this.throttles, Share) = (intake, partition, options, metrics, throttles, share);
        limit = share?.Hub[ThrottleClass.DeviceToCloudSends];
        meter = limit is null ? null : share!.MeterOf(ThrottleClass.DeviceToCloudSends);
    }

    /// <summary>Largest body taken. Bytes.</summary>
    public int MaxMessageBytes => options.MaxMessageBytes;

    /// <summary>What the device uses of the hub's limits, for what else its session does; null: nothing is limited.</summary>
    public DeviceShare? Share { get; }

    /// <summary>How long a message may be held back by those who can refuse it.</summary>
    public TimeSpan Hold => throttles.Hold;

    /// <summary>Hands in one message; allocates nothing.</summary>
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

        if (!TryReserve(1, out wait))
        {
            return TelemetryOutcome.Throttled;
        }

        var outcome = TryAppendReserved(head, body, observer, state);
        if (outcome == TelemetryOutcome.LogFull)
        {
            Share?.Telemetry?.GiveBack(1);
            limit?.GiveBack(1);
        }

        return outcome;
    }

    /// <summary>Takes the rate for so many messages at once, for a batch that is taken whole or not at all; hand them in with <see cref="TryAppendReserved"/>.</summary>
    /// <param name="messages">At least 1. More than a second's worth: waits for a full second's worth, and what follows waits longer.</param>
    /// <param name="wait">When false: when it is worth trying again.</param>
    public bool TryReserve(int messages, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (Share is not { } share)
        {
            return true;
        }

        var now = throttles.Clock.Now;
        if (share.Telemetry is { } own && !own.TryTake(messages, now, 0, out var ticks))
        {
            return Wait(ticks, out wait);
        }

        if (limit is not null && !limit.TryTake(messages, meter, now, out ticks))
        {
            share.Telemetry?.GiveBack(messages);
            return Wait(ticks, out wait);
        }

        return true;
    }

    /// <summary>What to tell the peer of a message that would have to be held back for too long.</summary>
    public HubError Refuse(TimeSpan wait) => Share is { } share ? throttles.Refuse(share, wait) : HubErrors.ThrottlingException;

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

    private bool Wait(long ticks, out TimeSpan wait)
    {
        metrics.Throttled();
        throttles.HeldBack(Share!.Hub.Name);
        wait = throttles.Clock.SpanOf(ticks);
        return false;
    }
}
