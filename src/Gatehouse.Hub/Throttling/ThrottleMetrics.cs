using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Access;

namespace Gatehouse.Hub.Throttling;

/// <summary>Instruments of throttling; listed in docs/telemetry.md.</summary>
internal sealed class ThrottleMetrics
{
    private readonly Counter<long> held;
    private readonly Counter<long> refused;

    public ThrottleMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        held = meter.CreateCounter<long>("gatehouse.throttle.held", "{operation}", "Operations held back because of a limit of their class, by class.");
        refused = meter.CreateCounter<long>("gatehouse.throttle.refused", "{operation}", "Operations refused because of a limit of their class, by class.");
    }

    internal void Held(ThrottleClass operations) => held.Add(1, Tag(operations));

    internal void Refused(ThrottleClass operations) => refused.Add(1, Tag(operations));

    private static KeyValuePair<string, object?> Tag(ThrottleClass operations) => new("class", operations.ToString());
}
