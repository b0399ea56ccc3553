using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

internal static partial class TwinLog
{
    [LoggerMessage(2100, LogLevel.Warning, "Desired properties that a device may have missed could not be read; it is tried again.", EventName = "DesiredNotRead")]
    internal static partial void DesiredNotRead(this ILogger logger, Exception error);

    [LoggerMessage(2101, LogLevel.Error, "{Count} reported patches could not be stored; their devices were told so.", EventName = "ReportsNotStored")]
    internal static partial void ReportsNotStored(this ILogger logger, int count, Exception error);

    [LoggerMessage(2102, LogLevel.Error, "An observer of twin changes threw; that is a bug of the observer.", EventName = "TwinObserverFailed")]
    internal static partial void TwinObserverFailed(this ILogger logger, Exception error);
}
