using System.Diagnostics.Metrics;

namespace Gatehouse.Identity;

/// <summary>Meter <c>Gatehouse.Identity</c>.</summary>
internal sealed class IdentityMetrics
{
    private readonly Counter<long> verdicts;
    private readonly Histogram<double> duration;

    public IdentityMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Gatehouse.Identity");
        verdicts = meter.CreateCounter<long>("gatehouse.identity.verdicts", "{verdict}", "Proofs judged, by plane and outcome (accepted, or the reason of the refusal).");
        duration = meter.CreateHistogram<double>("gatehouse.identity.verdict.duration", "s", "Time from the proof to the verdict, look-ups included, by plane.");
    }

    internal void Judged(string plane, Verdict verdict, TimeSpan elapsed)
    {
        var outcome = verdict is Verdict.Refused refused ? refused.Reason.ToString() : "accepted";
        var planeTag = new KeyValuePair<string, object?>("plane", plane);
        verdicts.Add(1, planeTag, new KeyValuePair<string, object?>("outcome", outcome));
        duration.Record(elapsed.TotalSeconds, planeTag);
    }
}
