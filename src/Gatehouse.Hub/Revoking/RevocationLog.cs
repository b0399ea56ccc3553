using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Revoking;

internal static partial class RevocationLog
{
    [LoggerMessage(2050, LogLevel.Information, "{Count} new revocations of hub {Hub} are in force here; {Uses} sessions and links that they may concern were judged again.", EventName = "RevocationsTaken")]
    internal static partial void RevocationsTaken(this ILogger logger, string hub, int count, int uses);

    [LoggerMessage(2051, LogLevel.Error, "Revocation lists could not be read; what was known before stays in force. The next attempt comes within seconds.", EventName = "RevocationsNotRead")]
    internal static partial void RevocationsNotRead(this ILogger logger, Exception error);
}
