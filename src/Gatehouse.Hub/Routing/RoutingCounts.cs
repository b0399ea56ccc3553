namespace Gatehouse.Hub.Routing;

/// <summary>What the router of a hub has done since this server started; asked for by <c>gatehouse message-route status</c>.</summary>
internal sealed class RoutingCounts
{
    private long routed;
    private long fallback;
    private long orphaned;
    private long dropped;

    internal long Routed => Interlocked.Read(ref routed);

    internal long Fallback => Interlocked.Read(ref fallback);

    internal long Orphaned => Interlocked.Read(ref orphaned);

    internal long Dropped => Interlocked.Read(ref dropped);

    internal void CountRouted() => Interlocked.Increment(ref routed);

    internal void CountFallback() => Interlocked.Increment(ref fallback);

    internal void CountOrphaned() => Interlocked.Increment(ref orphaned);

    internal void CountDropped() => Interlocked.Increment(ref dropped);
}
