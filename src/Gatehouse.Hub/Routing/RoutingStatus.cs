namespace Gatehouse.Hub.Routing;

/// <summary>How the routing of a hub goes. Counts are of this server, since its start.</summary>
public sealed record RoutingStatus
{
    /// <summary>Whether events go through routes; false: straight to <c>events</c>.</summary>
    public required bool IsRouted { get; init; }

    /// <summary>Whether this node runs the hub's router.</summary>
    public required bool IsRouter { get; init; }

    /// <summary>Events that were taken in and wait for the router.</summary>
    public required long Waiting { get; init; }

    /// <summary>Copies that went to endpoints, the built-in one included.</summary>
    public required long Routed { get; init; }

    /// <summary>Device messages that only the fallback route took.</summary>
    public required long Fallback { get; init; }

    /// <summary>Device messages that no route took, with the fallback route off.</summary>
    public required long Orphaned { get; init; }

    /// <summary>Events of sources that no route wants any more.</summary>
    public required long Dropped { get; init; }

    public required IReadOnlyList<EndpointStatus> Endpoints { get; init; }
}

/// <summary>How deliveries to a custom endpoint go; health words of the management API's EndpointHealthData.</summary>
public sealed record EndpointStatus
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    /// <summary><c>unknown</c>, <c>healthy</c>, <c>unhealthy</c>, or <c>dead</c> when its deliveries have failed for more than an hour.</summary>
    public required string Health { get; init; }

    /// <summary>Events in its queue.</summary>
    public long Waiting { get; init; }

    public required long Delivered { get; init; }

    public required long DeadLettered { get; init; }

    /// <summary>Events in its dead letters.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Of the last delivery: from its oldest event's being taken in.</summary>
    public double? LastLatencySeconds { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset? LastErrorTime { get; init; }

    public DateTimeOffset? LastSuccess { get; init; }

    public DateTimeOffset? LastAttempt { get; init; }
}
