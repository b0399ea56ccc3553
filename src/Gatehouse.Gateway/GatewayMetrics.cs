using System.Diagnostics.Metrics;

namespace Gatehouse.Gateway;

/// <summary>Instruments of the device plane; listed in docs/telemetry.md.</summary>
internal sealed class GatewayMetrics
{
    private readonly UpDownCounter<long> sessions;
    private readonly Counter<long> accepted;
    private readonly Counter<long> refused;
    private readonly Counter<long> displaced;
    private readonly UpDownCounter<long> links;
    private readonly Counter<long> linksRefused;
    private readonly Histogram<double> requests;

    public GatewayMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Gateway");
        sessions = meter.CreateUpDownCounter<long>("gatehouse.gateway.sessions", "{session}", "Device and module sessions open now.");
        accepted = meter.CreateCounter<long>("gatehouse.gateway.connects.accepted", "{connect}", "CONNECTs accepted.");
        refused = meter.CreateCounter<long>("gatehouse.gateway.connects.refused", "{connect}", "CONNECTs refused.");
        displaced = meter.CreateCounter<long>("gatehouse.gateway.sessions.displaced", "{session}", "Sessions that a newer one of the same identity displaced.");
        links = meter.CreateUpDownCounter<long>("gatehouse.gateway.links", "{link}", "AMQP links of devices and modules open now.");
        linksRefused = meter.CreateCounter<long>("gatehouse.gateway.links.refused", "{link}", "AMQP links of devices and modules refused.");
        requests = meter.CreateHistogram<double>("gatehouse.gateway.request.duration", "s", "Time from the head of a device's HTTPS request to the end of its answer, by operation and HTTP status.");
    }

    internal void Opened()
    {
        accepted.Add(1);
        sessions.Add(1);
    }

    internal void Closed() => sessions.Add(-1);

    internal void Refused() => refused.Add(1);

    internal void Displaced() => displaced.Add(1);

    internal void LinkOpened() => links.Add(1);

    internal void LinkClosed() => links.Add(-1);

    internal void LinkRefused() => linksRefused.Add(1);

    internal void Answered(string operation, int status, TimeSpan elapsed) => requests.Record(
        elapsed.TotalSeconds,
        new KeyValuePair<string, object?>("operation", operation),
        new KeyValuePair<string, object?>("status", status));
}
