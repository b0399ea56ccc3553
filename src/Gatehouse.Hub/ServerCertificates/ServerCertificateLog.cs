using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.ServerCertificates;

internal static partial class ServerCertificateLog
{
    [LoggerMessage(2296, LogLevel.Warning, "A change of the server's certificate could not be written into the audit log yet; it is tried again.", EventName = "ServerCertificateNotRecorded")]
    internal static partial void ServerCertificateNotRecorded(this ILogger logger, Exception error);
}
