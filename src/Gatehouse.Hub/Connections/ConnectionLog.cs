using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(2060, LogLevel.Warning, "{Count} connection states could not be written and are tried again.", EventName = "ConnectionStatesNotWritten")]
    internal static partial void ConnectionStatesNotWritten(this ILogger logger, int count, Exception error);
}
