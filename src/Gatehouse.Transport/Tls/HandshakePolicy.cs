using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>What a handshake may negotiate, by host name. One options object per certificate and version, shared by all connections.</summary>
internal sealed class HandshakePolicy(TlsOptions options, ServerCertificates certificates, SuiteControl suites)
{
    private readonly ConcurrentDictionary<(SslStreamCertificateContext, SslProtocols), SslServerAuthenticationOptions> _made = new();

    /// <summary>Certificates are few and replaced rarely; more entries than this are leftovers of reloads.</summary>
    private const int MaxEntries = 256;

    public SslServerAuthenticationOptions Select(string? hostName) => Select(hostName, out _);

    /// <summary>The same, and whether the certificate is the one of a change that is under way.</summary>
    public SslServerAuthenticationOptions Select(string? hostName, out bool isNext)
    {
        var protocols = Protocols(hostName);
        var key = (certificates.Select(hostName, out isNext).Context, protocols);
        if (_made.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_made.Count >= MaxEntries)
        {
            _made.Clear();
        }

        ShownServers.Keep(key.Context);
        return _made[key] = Make(key.Context, protocols);
    }

    private SslProtocols Protocols(string? hostName)
    {
        var minimum = hostName is not null && options.MinimumVersionByHost.TryGetValue(hostName, out var byHost) ? byHost : options.MinimumVersion;
        return minimum == SslProtocols.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13;
    }

    private SslServerAuthenticationOptions Make(SslStreamCertificateContext certificate, SslProtocols protocols) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = protocols,
        // Null where OpenSSL's own list is ours: with a policy .NET makes a new SSL_CTX per connection and never resumes (decisions/0009).
        CipherSuitesPolicy = suites.Policy,
        AllowTlsResume = options.Resumption,
        AllowRenegotiation = false,
        // Requested, not required; no trust is given, so the list of acceptable authorities is empty (management-plane reference, TLS).
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = PeerSslStream.Capture,
        // Otherwise .NET fetches what the client's certificate names, inside the handshake (SSRF and a 15 s stall, measured).
        CertificateChainPolicy = Offline(),
    };

    /// <summary>Trusts nothing and asks nobody.</summary>
    public static X509ChainPolicy Offline() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
