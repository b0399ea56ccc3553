using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Tls;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Transport.Listeners;

/// <summary>What an HTTPS connection offers to ASP.NET Core (scheme, client certificate) and to the WebSocket door.</summary>
internal sealed class SecureConnection(ConnectionWatch watch, TlsSession session, Action onAuthenticated) : ITlsConnectionFeature, ITlsHandshakeFeature
{
    public ConnectionWatch Watch => watch;

    public TlsSession Session => session;

    public X509Certificate2? ClientCertificate
    {
        get => session.Certificate?.Leaf;
        set => throw new NotSupportedException();
    }

    public SslProtocols Protocol => session.Stream.SslProtocol;

    public TlsCipherSuite? NegotiatedCipherSuite => session.Stream.NegotiatedCipherSuite;

    public string HostName => session.HostName ?? string.Empty;

#pragma warning disable SYSLIB0058 // The interface still asks for the old forms.
    public CipherAlgorithmType CipherAlgorithm => session.Stream.CipherAlgorithm;

    public int CipherStrength => session.Stream.CipherStrength;

    public HashAlgorithmType HashAlgorithm => session.Stream.HashAlgorithm;

    public int HashStrength => session.Stream.HashStrength;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => session.Stream.KeyExchangeAlgorithm;

    public int KeyExchangeStrength => session.Stream.KeyExchangeStrength;
#pragma warning restore SYSLIB0058

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);

    public void MarkAuthenticated()
    {
        watch.MarkAuthenticated();
        onAuthenticated();
    }
}
