using System.Diagnostics.Metrics;

namespace Gatehouse.Transport.Amqp;

/// <summary>Instruments of the AMQP engine; listed in docs/telemetry.md.</summary>
internal sealed class AmqpMetrics
{
    private readonly UpDownCounter<long> links;
    private readonly Counter<long> faults;

    public AmqpMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Transport.Amqp");
        links = meter.CreateUpDownCounter<long>("gatehouse.amqp.links", "{link}", "Links attached now.");
        faults = meter.CreateCounter<long>("gatehouse.amqp.faults", "{fault}", "Connections, sessions and links ended because of what the peer sent; by scope.");
    }

    internal void LinkOpened() => links.Add(1);

    internal void LinkClosed() => links.Add(-1);

    internal void Fault(string scope) => faults.Add(1, new KeyValuePair<string, object?>("scope", scope));
}
