using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.Telemetry;

/// <summary>Instruments of telemetry; listed in docs/telemetry.md.</summary>
internal sealed class TelemetryMetrics
{
    private readonly Counter<long> messages;
    private readonly Counter<long> bytes;
    private readonly Counter<long> throttled;

    public TelemetryMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        messages = meter.CreateCounter<long>("gatehouse.telemetry.messages", "{message}", "Device-to-cloud messages taken.");
        bytes = meter.CreateCounter<long>("gatehouse.telemetry.bytes", "By", "Bytes of their bodies.");
        throttled = meter.CreateCounter<long>("gatehouse.telemetry.throttled", "{message}", "Messages and batches that had to wait for their rate limit.");
    }

    internal void Taken(long body)
    {
        messages.Add(1);
        bytes.Add(body);
    }

    internal void Throttled() => throttled.Add(1);
}
