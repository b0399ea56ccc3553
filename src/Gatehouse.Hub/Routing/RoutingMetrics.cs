using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.Routing;

/// <summary>Instruments of message routing; listed in docs/telemetry.md.</summary>
internal sealed class RoutingMetrics
{
    private readonly Counter<long> egress;
    private readonly Counter<long> deliveries;
    private readonly Histogram<double> latency;

    public RoutingMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        egress = meter.CreateCounter<long>("gatehouse.routing.egress", "{message}", "Events the router judged, by result: routed (once for each endpoint), fallback, orphaned, dropped.");
        deliveries = meter.CreateCounter<long>("gatehouse.routing.deliveries", "{message}", "Events that left an endpoint's queue, by endpoint type and result: delivered, dead_lettered.");
        latency = meter.CreateHistogram<double>("gatehouse.routing.latency", "s", "From an event's being taken in to its delivery, by endpoint type; the oldest event of each batch.");
    }

    internal void Egress(string result) => egress.Add(1, new KeyValuePair<string, object?>("result", result));

    internal void Delivered(string type, int count, TimeSpan oldest)
    {
        deliveries.Add(count, new("endpoint.type", type), new("result", "delivered"));
        latency.Record(Math.Max(0, oldest.TotalSeconds), new KeyValuePair<string, object?>("endpoint.type", type));
    }

    internal void DeadLettered(string type) => deliveries.Add(1, new("endpoint.type", type), new("result", "dead_lettered"));
}
