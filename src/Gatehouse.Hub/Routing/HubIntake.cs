using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Where events of one hub are taken in: straight into the log that readers of <c>events</c> read, or, once routes decide, into a log of its own from which the router takes them (decisions/0020).</summary>
public sealed class HubIntake
{
    private volatile IEventLog log;
    private volatile RouteTable table;

    internal HubIntake(IEventLog events, RouteTable table) => (Events, log, this.table) = (events, events, table);

    public int PartitionCount => Events.PartitionCount;

    /// <summary>What is appended to now. One read of a field: a hub without routes pays nothing for them.</summary>
    internal IEventLog Log => log;

    /// <summary>What readers of <c>events</c> read.</summary>
    internal IEventLog Events { get; }

    /// <summary>The routes as they are now.</summary>
    internal RouteTable Table
    {
        get => table;
        set => table = value;
    }

    /// <summary>Whether events go through the router. Once they do, they do until the server starts again: an event must not overtake those that still wait for the router.</summary>
    internal bool IsRouted => !ReferenceEquals(log, Events);

    internal void RouteThrough(IEventLog routed) => log = routed;
}
