using System.Buffers;
using Gatehouse.Hub.Routing;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Telemetry;

/// <summary>One session's or link's way into the event log. Used by it only.</summary>
public sealed class TelemetryChannel
{
    private readonly HubIntake intake;
    private readonly int partition;
    private readonly TelemetryOptions options;
    private readonly TelemetryMetrics metrics;

    internal TelemetryChannel(HubIntake intake, int partition, TelemetryOptions options, TelemetryMetrics metrics) =>
        (this.intake, this.partition, this.options, this.metrics) = (intake, partition, options, metrics);

    /// <summary>Largest body taken. Bytes.</summary>
    public int MaxMessageBytes => options.MaxMessageBytes;

    internal MessageRate? DeviceRate { get; init; }

    internal MessageRate? HubRate { get; init; }

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
            DeviceRate?.GiveBack();
            HubRate?.GiveBack();
        }

        return outcome;
    }

    /// <summary>Takes the rate for so many messages at once, for a batch that is taken whole or not at all; hand them in with <see cref="TryAppendReserved"/>.</summary>
    /// <param name="messages">At least 1. More than a second's worth: waits for a full second's worth, and what follows waits longer.</param>
    /// <param name="wait">When false: when it is worth trying again.</param>
    public bool TryReserve(int messages, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (DeviceRate is { } device && !device.TryTake(messages, out wait))
        {
            metrics.Throttled();
            return false;
        }

        if (HubRate is { } hub && !hub.TryTake(messages, out wait))
        {
            DeviceRate?.GiveBack(messages);
            metrics.Throttled();
            return false;
        }

        return true;
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
}
