using System.Diagnostics.Metrics;

namespace Gatehouse.ServiceApi;

/// <summary>Meter <c>Gatehouse.ServiceApi</c>.</summary>
internal sealed class ServiceApiMetrics
{
    private readonly Histogram<double> duration;

    public ServiceApiMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Gatehouse.ServiceApi");
        duration = meter.CreateHistogram<double>("gatehouse.serviceapi.request.duration", "s", "Time from the request line to the end of the answer, by operation and HTTP status.");
    }

    internal void Answered(string operation, int status, TimeSpan elapsed) => duration.Record(
        elapsed.TotalSeconds,
        new KeyValuePair<string, object?>("operation", operation),
        new KeyValuePair<string, object?>("status", status));
}
