using System.Net;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Gateway.Sessions;

/// <summary>An open session, of whatever protocol. It judges its proof again when what its right to live rests on has changed.</summary>
internal interface ILiveSession : ICertificateUse
{
    /// <summary>A newer session of the same identity has authenticated: end now.</summary>
    void Displace();

    /// <summary><c>1.2</c> or <c>1.3</c>; null without TLS.</summary>
    string? TlsVersion { get; }

    /// <summary>Where it comes from; null when unknown.</summary>
    IPAddress? Address { get; }
}
