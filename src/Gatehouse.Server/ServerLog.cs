namespace Gatehouse.Server;

internal static partial class ServerLog
{
    [LoggerMessage(4000, LogLevel.Warning, "The operator's token in '{Path}' was not written anew: {Problem} The one that is there still works for hours; it is tried again in an hour.", EventName = "ConnectionFileNotRenewed")]
    internal static partial void ConnectionFileNotRenewed(ILogger logger, string path, string problem);
}
