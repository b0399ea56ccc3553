using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.UseTracking;

internal static partial class UseLog
{
    [LoggerMessage(2064, LogLevel.Warning, "{Count} uses of credentials could not be written and are tried again.", EventName = "UsesNotWritten")]
    internal static partial void UsesNotWritten(this ILogger logger, int count, Exception error);

    [LoggerMessage(2065, LogLevel.Warning, "{Count} uses of credentials were not tracked: too many waited to be written. A credential may look unused that is not.", EventName = "UsesNotTracked")]
    internal static partial void UsesNotTracked(this ILogger logger, long count);

    [LoggerMessage(2066, LogLevel.Warning, "Uses of credentials of identities that are gone could not be removed; it is tried again at the next start.", EventName = "UsesNotPruned")]
    internal static partial void UsesNotPruned(this ILogger logger, Exception error);
}
