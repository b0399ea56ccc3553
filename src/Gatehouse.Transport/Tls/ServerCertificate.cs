using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>One certificate with its key and chain, ready to serve.</summary>
internal sealed class ServerCertificate
{
    private ServerCertificate(SslStreamCertificateContext context, IReadOnlyList<string> names)
    {
        Context = context;
        Names = names;
    }

    public SslStreamCertificateContext Context { get; }

    public X509Certificate2 Leaf => Context.TargetCertificate;

    /// <summary>DNS names and addresses of the subject alternative names, lower case; wildcards as written.</summary>
    public IReadOnlyList<string> Names { get; }

    public static ServerCertificate Of(X509Certificate2 leafWithKey, X509Certificate2Collection chain) =>
        // offline: building our own chain must not fetch what a certificate names.
        new(SslStreamCertificateContext.Create(leafWithKey, chain, offline: true), PrivateRoot.NamesOf(leafWithKey));

    /// <summary>Reads a chain (leaf first) and its key; the key may stand in the same file. A fault is a sentence for the operator.</summary>
    public static (ServerCertificate? Certificate, string? Fault) Load(string pemPath, string keyPath)
    {
        try
        {
            var keyFile = File.Exists(keyPath) ? keyPath : pemPath;
            if (KeyFiles.Fault(keyFile) is { } lax)
            {
                return (null, lax);
            }

            var pem = File.ReadAllText(pemPath);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(pem);
            if (chain.Count == 0)
            {
                return (null, $"{pemPath} holds no certificate in PEM form");
            }

            var leaf = X509Certificate2.CreateFromPem(pem, keyFile == pemPath ? pem : File.ReadAllText(keyFile));
            chain.RemoveAt(0);
            return (Of(leaf, chain), null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return (null, $"{pemPath} and {keyPath} are not a certificate and its key: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"{pemPath} cannot be read: {e.Message}");
        }
    }
}
