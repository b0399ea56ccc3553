using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Instruments of messages to devices; listed in docs/telemetry.md.</summary>
internal sealed class CloudToDeviceMetrics
{
    private readonly Counter<long> sent;
    private readonly Counter<long> delivered;
    private readonly Counter<long> ended;

    public CloudToDeviceMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        sent = meter.CreateCounter<long>("gatehouse.devicemessages.sent", "{message}", "Cloud-to-device messages taken from back ends.");
        delivered = meter.CreateCounter<long>("gatehouse.devicemessages.delivered", "{delivery}", "Deliveries of them to devices, repeated ones too.");
        ended = meter.CreateCounter<long>("gatehouse.devicemessages.ended", "{message}", "Messages that left their queue, by outcome.");
    }

    internal void Sent() => sent.Add(1);

    internal void Delivered() => delivered.Add(1);

    internal void Ended(MessageOutcome outcome, int count) => ended.Add(count, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
}
