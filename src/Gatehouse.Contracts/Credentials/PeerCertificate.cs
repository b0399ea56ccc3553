using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Contracts.Credentials;

/// <summary>The certificate whose key the peer proved in the TLS handshake, with what it sent beside it. Nothing here has been judged.</summary>
/// <param name="Leaf">Certificate of the proved key.</param>
/// <param name="Intermediates">Other certificates that the peer sent, in its order; bounded by Transport.</param>
public sealed record PeerCertificate(X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Intermediates) : IDisposable
{
    public void Dispose()
    {
        Leaf.Dispose();
        foreach (var certificate in Intermediates)
        {
            certificate.Dispose();
        }
    }
}
