using System.Buffers;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Telemetry;

/// <summary>One session's or link's way into the event log. Used by it only.</summary>
public sealed class TelemetryChannel
{
    private readonly IEventLog log;
    private readonly int partition;
    private readonly TelemetryOptions options;
    private readonly TelemetryMetrics metrics;

    internal TelemetryChannel(IEventLog log, int partition, TelemetryOptions options, TelemetryMetrics metrics) =>
        (this.log, this.partition, this.options, this.metrics) = (log, partition, options, metrics);

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

        if (!TryTakeRate(out wait))
        {
            metrics.Throttled();
            return TelemetryOutcome.Throttled;
        }

        if (!log.TryAppend(partition, head, body, observer, state))
        {
            DeviceRate?.GiveBack();
            HubRate?.GiveBack();
            return TelemetryOutcome.LogFull;
        }

        metrics.Taken(body.Length);
        return TelemetryOutcome.Queued;
    }

    /// <summary>Completes when <see cref="TelemetryOutcome.LogFull"/> is worth another try.</summary>
    /// <exception cref="IOException">The log cannot store anything.</exception>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => log.WaitForRoomAsync(cancellationToken);

    private bool TryTakeRate(out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (DeviceRate is { } device && !device.TryTake(out wait))
        {
            return false;
        }

        if (HubRate is { } hub && !hub.TryTake(out wait))
        {
            DeviceRate?.GiveBack();
            return false;
        }

        return true;
    }
}
