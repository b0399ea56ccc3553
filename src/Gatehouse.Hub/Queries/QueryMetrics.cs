using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.Queries;

/// <summary>Instruments of queries; listed in docs/telemetry.md.</summary>
internal sealed class QueryMetrics
{
    private readonly Histogram<double> duration;
    private readonly Counter<long> refused;

    public QueryMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Hub");
        duration = meter.CreateHistogram<double>("gatehouse.queries.duration", "s", "Time of one page of a query, waiting included, by outcome (ok, or the name of the error).");
        refused = meter.CreateCounter<long>("gatehouse.queries.refused", "{query}", "Queries refused, by the name of the error.");
    }

    internal void Answered(string outcome, TimeSpan elapsed) => duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));

    internal void Refused(string error) => refused.Add(1, new KeyValuePair<string, object?>("error", error));
}
