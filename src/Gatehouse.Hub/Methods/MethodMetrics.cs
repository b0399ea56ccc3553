using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.Methods;

/// <summary>Instruments of direct methods; listed in docs/telemetry.md.</summary>
internal sealed class MethodMetrics
{
    private readonly Histogram<double> duration;

    public MethodMetrics(IMeterFactory factory) => duration = factory.Create("Gatehouse.Hub")
        .CreateHistogram<double>("gatehouse.methods.duration", "s", "Time of a direct method from the call to the device's answer, by outcome (ok, or the name of the error).");

    internal void Invoked(string outcome, TimeSpan elapsed) => duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
}
