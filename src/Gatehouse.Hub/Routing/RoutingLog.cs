using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Routing;

internal static partial class RoutingLog
{
    [LoggerMessage(2220, LogLevel.Information, "Messages of hub {Hub} go through their routes now.", EventName = "RoutingStarted")]
    internal static partial void RoutingStarted(this ILogger logger, string hub);

    [LoggerMessage(2221, LogLevel.Warning, "The router of hub {Hub} stopped at partition {Partition} and goes on in a moment; nothing is lost.", EventName = "RouterFailed")]
    internal static partial void RouterFailed(this ILogger logger, string hub, int partition, Exception error);

    [LoggerMessage(2222, LogLevel.Warning, "Endpoint {Endpoint} of hub {Hub} does not take its messages: {Reason} They wait in its queue.", EventName = "EndpointUnhealthy")]
    internal static partial void EndpointUnhealthy(this ILogger logger, string hub, string endpoint, string reason);

    [LoggerMessage(2223, LogLevel.Information, "Endpoint {Endpoint} of hub {Hub} takes its messages again.", EventName = "EndpointHealthy")]
    internal static partial void EndpointHealthy(this ILogger logger, string hub, string endpoint);

    [LoggerMessage(2224, LogLevel.Warning, "{Count} messages for endpoint {Endpoint} of hub {Hub} went to its dead letters: {Reason}", EventName = "MessagesDeadLettered")]
    internal static partial void MessagesDeadLettered(this ILogger logger, int count, string hub, string endpoint, string reason);

    [LoggerMessage(2225, LogLevel.Warning, "Positions of the routing of hub {Hub} could not be written down; it is tried again.", EventName = "PositionsNotWritten")]
    internal static partial void PositionsNotWritten(this ILogger logger, string hub, Exception error);

    [LoggerMessage(2226, LogLevel.Error, "The changed routes of hub {Hub} could not be read: its messages go the ways they went before. It is tried again.", EventName = "RoutesNotRead")]
    internal static partial void RoutesNotRead(this ILogger logger, string hub, Exception error);

    [LoggerMessage(2230, LogLevel.Warning, "{Count} dead letters of endpoint {Endpoint} of hub {Hub} went for newer ones: it holds as many as it may.", EventName = "DeadLettersDropped")]
    internal static partial void DeadLettersDropped(this ILogger logger, int count, string hub, string endpoint);

    [LoggerMessage(2231, LogLevel.Error, "Route {Route} of hub {Hub} takes nothing, because its condition cannot be read: {Reason} Put the route anew.", EventName = "RouteUnreadable")]
    internal static partial void RouteUnreadable(this ILogger logger, string route, string hub, string reason);

    [LoggerMessage(2227, LogLevel.Warning, "Events of hub {Hub} could not be moved from the outbox to the event log; it is tried again, nothing is lost.", EventName = "OutboxNotMoved")]
    internal static partial void OutboxNotMoved(this ILogger logger, string hub, Exception error);

    [LoggerMessage(2228, LogLevel.Error, "The outbox of hub {Hub} holds {Max} events that cannot go on: further events of twins, identities, connections and jobs are not made.", EventName = "OutboxFull")]
    internal static partial void OutboxFull(this ILogger logger, string hub, int max);

    [LoggerMessage(2229, LogLevel.Error, "An event of {Source} about {Identity} of hub {Hub} would have {Bytes} bytes, more than the event log takes; it was not made.", EventName = "EventTooLarge")]
    internal static partial void EventTooLarge(this ILogger logger, RouteSource source, string identity, string hub, int bytes);
}
