using System.Diagnostics.Metrics;

namespace Gatehouse.Hub.TrustLog;

/// <summary>What the node knows of the trust log.</summary>
public sealed class TrustLogMetrics
{
    private long signed;
    private int isBroken;

    public TrustLogMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Gatehouse.Hub");
        meter.CreateObservableGauge("gatehouse.trustlog.size", () => Volatile.Read(ref signed), "{entry}", "Entries of the trust log that the newest checkpoint this node has seen covers.");
        meter.CreateObservableGauge("gatehouse.trustlog.broken", () => Volatile.Read(ref isBroken), "{log}", "1 while the stored trust log is not the one that was signed.");
    }

    internal void Signed(long size) => Volatile.Write(ref signed, size);

    internal void Broken(bool isSo) => Volatile.Write(ref isBroken, isSo ? 1 : 0);
}
