using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Queries;

internal static partial class QueryLog
{
    [LoggerMessage(2160, LogLevel.Warning, "A page of a query of hub {Hub} took {Seconds:0.0} s. A tag in its condition makes it quicker: tags are indexed.", EventName = "SlowQuery")]
    internal static partial void SlowQuery(this ILogger logger, string hub, double seconds);

    [LoggerMessage(2161, LogLevel.Debug, "The slow query of hub {Hub}: {Query}", EventName = "SlowQueryText")]
    internal static partial void SlowQueryText(this ILogger logger, string hub, string query);

    [LoggerMessage(2162, LogLevel.Information, "{Count} queries of hub {Hub} were refused since the last such line; the last one: {Error}.", EventName = "QueriesRefused")]
    internal static partial void QueriesRefused(this ILogger logger, string hub, long count, string error);
}
