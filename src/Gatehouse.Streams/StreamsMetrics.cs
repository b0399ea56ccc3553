using System.Diagnostics.Metrics;

namespace Gatehouse.Streams;

/// <summary>Instruments of Streams; listed in docs/telemetry.md.</summary>
internal sealed class StreamsMetrics
{
    internal const string MeterName = "Gatehouse.Streams";

    private readonly Counter<long> appendedEvents;
    private readonly Counter<long> appendedBytes;
    private readonly Counter<long> failedEvents;
    private readonly Counter<long> readEvents;
    private readonly Histogram<double> commitDuration;
    private readonly Histogram<int> commitSize;
    private readonly Meter meter;

    public StreamsMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        appendedEvents = meter.CreateCounter<long>("gatehouse.streams.appended.events", "{event}", "Events made durable.");
        appendedBytes = meter.CreateCounter<long>("gatehouse.streams.appended.bytes", "By", "Bytes of events made durable.");
        failedEvents = meter.CreateCounter<long>("gatehouse.streams.failed.events", "{event}", "Events that could not be stored and were not acknowledged.");
        readEvents = meter.CreateCounter<long>("gatehouse.streams.read.events", "{event}", "Events handed to readers.");
        commitDuration = meter.CreateHistogram<double>("gatehouse.streams.commit.duration", "s", "Time to make one commit durable.");
        commitSize = meter.CreateHistogram<int>("gatehouse.streams.commit.size", "{event}", "Events gathered in one commit.");
    }

    internal void ObservePending(Func<long> bytes) =>
        meter.CreateObservableGauge("gatehouse.streams.pending.bytes", bytes, "By", "Bytes of events that wait for a commit.");

    internal void Committed(int events, long bytes, TimeSpan duration)
    {
        appendedEvents.Add(events);
        appendedBytes.Add(bytes);
        commitSize.Record(events);
        commitDuration.Record(duration.TotalSeconds);
    }

    internal void Failed(int events) => failedEvents.Add(events);

    internal void Read(int events) => readEvents.Add(events);
}
