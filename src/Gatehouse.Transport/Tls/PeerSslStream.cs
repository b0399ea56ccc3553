using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>TLS of one connection, with what its peer presented. Nothing is judged here but size.</summary>
internal sealed class PeerSslStream(Stream inner, TlsOptions options) : SslStream(inner, leaveInnerStreamOpen: true)
{
    private static readonly IReadOnlyList<X509Certificate2> None = [];

    public X509Certificate2? Leaf { get; private set; }

    public IReadOnlyList<X509Certificate2> Intermediates { get; private set; } = None;

    /// <summary>The callback of every handshake: takes copies of what was sent and accepts. Whether it means anything is decided at CONNECT, by Identity.</summary>
    public static bool Capture(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf)
        {
            return true;
        }

        return ((PeerSslStream)sender).Take(leaf, chain?.ChainPolicy.ExtraStore);
    }

    private bool Take(X509Certificate2 leaf, X509Certificate2Collection? sent)
    {
        var count = sent?.Count ?? 0;
        var bytes = leaf.RawDataMemory.Length;
        for (var i = 0; i < count && bytes <= options.MaxClientCertificateBytes; i++)
        {
            bytes += sent![i].RawDataMemory.Length;
        }

        if (count > options.MaxClientIntermediates || bytes > options.MaxClientCertificateBytes)
        {
            return false;
        }

        // SslStream disposes its own after the callback.
        Leaf = new X509Certificate2(leaf);
        if (count > 0)
        {
            Intermediates = [.. sent!.Select(c => new X509Certificate2(c))];
        }

        return true;
    }
}
