using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Revoking;

internal static partial class RevocationLog
{
    [LoggerMessage(2050, LogLevel.Information, "{Count} new revocations of hub {Hub} are in force here; {Uses} sessions and links that they may concern were judged again.", EventName = "RevocationsTaken")]
    internal static partial void RevocationsTaken(this ILogger logger, string hub, int count, int uses);

    [LoggerMessage(2051, LogLevel.Error, "Revocation lists could not be read; what was known before stays in force. The next attempt comes within seconds.", EventName = "RevocationsNotRead")]
    internal static partial void RevocationsNotRead(this ILogger logger, Exception error);

    [LoggerMessage(2052, LogLevel.Warning, "CRL {Number} of CA '{Ca}' of hub {Hub} was to be followed by {NextUpdate:u} and has not been. New connections below the CA: {Rule}. Import the newest list.", EventName = "RevocationListStale")]
    internal static partial void RevocationListStale(this ILogger logger, string number, string ca, string hub, DateTimeOffset nextUpdate, string rule);

    [LoggerMessage(2053, LogLevel.Warning, "That revocation lists have become stale could not be written into the audit log; it is tried again.", EventName = "StaleListsNotNoted")]
    internal static partial void StaleListsNotNoted(this ILogger logger, Exception error);
}
