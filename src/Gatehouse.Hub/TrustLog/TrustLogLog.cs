using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.TrustLog;

internal static partial class TrustLogLog
{
    [LoggerMessage(2300, LogLevel.Information, "The trust log is {Origin}: {Size} entries, signed by {Key}.", EventName = "TrustLogOpened")]
    internal static partial void Opened(this ILogger logger, string origin, long size, string key);

    [LoggerMessage(2301, LogLevel.Error, "The stored trust log is not the one that was signed: {Problem} Nothing is signed any more. Restore the store from a backup and start again, or begin another log with what is left: gatehouse log begin-anew.", EventName = "TrustLogBroken")]
    internal static partial void Broken(this ILogger logger, string problem);

    [LoggerMessage(2302, LogLevel.Warning, "The trust log cannot be signed on this node: {Problem} Entries wait for a signature; it is tried again.", EventName = "TrustLogKeyLost")]
    internal static partial void KeyLost(this ILogger logger, string problem);

    [LoggerMessage(2303, LogLevel.Information, "The trust log is signed again on this node, by {Key}.", EventName = "TrustLogKeyBack")]
    internal static partial void KeyBack(this ILogger logger, string key);

    [LoggerMessage(2304, LogLevel.Warning, "Entries of the trust log wait, because the store fails; it is tried again.", EventName = "TrustLogNotWritten")]
    internal static partial void NotWritten(this ILogger logger, Exception error);
}
