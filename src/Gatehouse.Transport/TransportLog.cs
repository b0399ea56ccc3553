using System.Net;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport;

/// <summary>Events 1000–1099.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(1000, LogLevel.Information, "Made a private root: {Path}. Clients must trust this file.", EventName = "RootMade")]
    public static partial void RootMade(ILogger log, string path);

    [LoggerMessage(1001, LogLevel.Information, "Made a server certificate: {Path}, valid until {NotAfter:u}.", EventName = "CertificateMade")]
    public static partial void CertificateMade(ILogger log, string path, DateTime notAfter);

    [LoggerMessage(1002, LogLevel.Information, "Loaded certificate {Path} for {Names}, valid until {NotAfter:u}.", EventName = "CertificateLoaded")]
    public static partial void CertificateLoaded(ILogger log, string path, string names, DateTime notAfter);

    [LoggerMessage(1003, LogLevel.Error, "A certificate was not loaded, what served before goes on serving: {Reason}", EventName = "CertificateNotLoaded")]
    public static partial void CertificateNotLoaded(ILogger log, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "The server certificate should be replaced but {KeyPath} is not here; put it back before {NotAfter:u}.", EventName = "RootKeyAbsent")]
    public static partial void RootKeyAbsent(ILogger log, string keyPath, DateTime notAfter);

    [LoggerMessage(1005, LogLevel.Warning, "OpenSSL's configuration on this machine allows cipher suites beyond our list, and could not be narrowed. The list is enforced all the same, but TLS sessions are not resumed. Remedy: start with OPENSSL_CONF naming a file without CipherString.", EventName = "SuitesForced")]
    public static partial void SuitesForced(ILogger log);

    [LoggerMessage(1006, LogLevel.Warning, "Port {Port} may not be bound by this user; listening for HTTPS on {Fallback} instead. Remedy: setcap cap_net_bind_service=+ep on the executable, or sysctl net.ipv4.ip_unprivileged_port_start={Port}.", EventName = "PortFallback")]
    public static partial void PortFallback(ILogger log, int port, int fallback);

    [LoggerMessage(1007, LogLevel.Information, "Listening: {Listeners}.", EventName = "Listening")]
    public static partial void Listening(ILogger log, string listeners);

    [LoggerMessage(1008, LogLevel.Information, "Draining: {Count} connections have {Seconds} s to finish.", EventName = "Draining")]
    public static partial void Draining(ILogger log, int count, double seconds);

    [LoggerMessage(1009, LogLevel.Warning, "Cut {Count} connections that did not finish in time.", EventName = "DrainCut")]
    public static partial void DrainCut(ILogger log, int count);

    [LoggerMessage(1010, LogLevel.Error, "The server's new certificate was taken back, the former one is shown again: {Reason}", EventName = "CertificateTakenBack")]
    public static partial void CertificateTakenBack(ILogger log, string reason);

    [LoggerMessage(1020, LogLevel.Debug, "Refused a connection from {Remote}: {Reason}.", EventName = "ConnectionRefused")]
    public static partial void ConnectionRefused(ILogger log, EndPoint? remote, string reason);

    [LoggerMessage(1021, LogLevel.Debug, "TLS handshake with {Remote} failed: {Reason}", EventName = "HandshakeFailed")]
    public static partial void HandshakeFailed(ILogger log, EndPoint? remote, string reason);

    [LoggerMessage(1022, LogLevel.Debug, "Closed the connection of {Remote}: {Reason}.", EventName = "ConnectionAborted")]
    public static partial void ConnectionAborted(ILogger log, EndPoint? remote, string reason);

    [LoggerMessage(1023, LogLevel.Error, "The handler of a connection of {Remote} failed.", EventName = "HandlerFailed")]
    public static partial void HandlerFailed(ILogger log, Exception exception, EndPoint? remote);

    [LoggerMessage(1024, LogLevel.Warning, "Refused {Count} connections in the last {Seconds} s: {Reason}.", EventName = "RefusalsSummed")]
    public static partial void RefusalsSummed(ILogger log, long count, int seconds, string reason);
}
