using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gatehouse.Sinks;

namespace Gatehouse.Hub.Routing;

/// <summary>Instruments of message routing; listed in docs/telemetry.md.</summary>
internal sealed class RoutingMetrics
{
    private readonly Counter<long> egress;
    private readonly Counter<long> deliveries;
    private readonly Counter<long> failures;
    private readonly Histogram<double> latency;

    public RoutingMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        egress = meter.CreateCounter<long>("gatehouse.routing.egress", "{message}", "Events the router judged, by result: routed (once for each endpoint), fallback, orphaned, dropped; events of the hub's own that were not made: refused, too_large.");
        deliveries = meter.CreateCounter<long>("gatehouse.routing.deliveries", "{message}", "Events that left an endpoint's queue, by hub, endpoint, endpoint type and result: delivered, dead_lettered; and dead letters that went for newer ones: dropped.");
        failures = meter.CreateCounter<long>("gatehouse.routing.failures", "{attempt}", "Deliveries that an endpoint did not take, by hub, endpoint, endpoint type and result: failed (it is tried again), refused.");
        latency = meter.CreateHistogram<double>("gatehouse.routing.latency", "s", "From an event's being taken in to its delivery, by hub, endpoint and endpoint type; the oldest event of each batch.");
    }

    internal void Egress(string result, int count = 1) => egress.Add(count, new KeyValuePair<string, object?>("result", result));

    internal void Delivered(EndpointPlace place, int count, TimeSpan oldest)
    {
        deliveries.Add(count, TagsOf(place, "delivered"));
        latency.Record(Math.Max(0, oldest.TotalSeconds), TagsOf(place, null));
    }

    internal void Failed(EndpointPlace place, SinkResult result) => failures.Add(1, TagsOf(place, result == SinkResult.Refused ? "refused" : "failed"));

    internal void DeadLettered(EndpointPlace place, int count, int dropped)
    {
        deliveries.Add(count, TagsOf(place, "dead_lettered"));
        if (dropped > 0)
        {
            deliveries.Add(dropped, TagsOf(place, "dropped"));
        }
    }

    // Hubs and endpoints are few, and their names are the operator's.
    private static TagList TagsOf(EndpointPlace place, string? result)
    {
        var tags = new TagList { { "hub", place.Hub.Value }, { "endpoint", place.Name }, { "endpoint.type", place.Type } };
        if (result is not null)
        {
            tags.Add("result", result);
        }

        return tags;
    }
}
