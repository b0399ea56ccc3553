using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity;

/// <summary>What a device or module showed at CONNECT (or attach, or request).</summary>
/// <param name="HostName">Host it addressed (user name, Host header), with or without port.</param>
/// <param name="Identity">Who it says it is.</param>
/// <param name="Token">SAS token text; null or empty when there was none.</param>
/// <param name="Certificate">What TLS proved; null when no certificate was presented.</param>
public sealed record DeviceLogin(string HostName, IdentityKey Identity, string? Token, PeerCertificate? Certificate)
{
    /// <summary>Where it comes from: the other end of the connection. Null when unknown: no back-off then, and no way in for a device that is bound to networks.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary>Whether it is put off, and counts, for back-off. False for what was judged before, or is our reading rather than the peer's word.</summary>
    public bool CountsForBackoff { get; init; } = true;

    /// <summary>Never the token.</summary>
    public override string ToString() => $"{Identity} at {HostName}";
}
