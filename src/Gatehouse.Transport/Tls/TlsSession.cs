using System.Net.Security;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tls;

/// <summary>A finished handshake.</summary>
/// <param name="Stream">Plain bytes of the connection.</param>
/// <param name="HostName">SNI; null when none was sent.</param>
/// <param name="Version"><c>1.2</c> or <c>1.3</c>.</param>
/// <param name="IsResumed">Whether an earlier session was resumed.</param>
/// <param name="Certificate">What the client presented, now or in the session it resumed.</param>
internal sealed record TlsSession(SslStream Stream, string? HostName, string Version, bool IsResumed, PeerCertificate? Certificate)
{
    /// <summary>Name of the IANA registry.</summary>
    public required string CipherSuite { get; init; }

    /// <summary>Whether it was shown the certificate of a change that is under way.</summary>
    public bool IsNext { get; init; }

    /// <summary>Our certificate that was shown, now or in the session that was resumed; null when it is known no more.</summary>
    public ShownServer? Server { get; init; }
}
