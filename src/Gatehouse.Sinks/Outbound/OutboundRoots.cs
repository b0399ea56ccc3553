using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Sinks.Outbound;

/// <summary>Roots that are trusted for one far end beside the machine's own.</summary>
public sealed class OutboundRoots
{
    /// <summary>Longest text. Characters.</summary>
    public const int MaxLength = 32 * 1024;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int MaxCertificates = 10;

    private readonly X509Certificate2Collection roots;

    private OutboundRoots(X509Certificate2Collection roots) => this.roots = roots;

    /// <summary>Null when something is wrong with the text, certificates in PEM; <paramref name="fault"/> says what.</summary>
    public static OutboundRoots? Parse(string text, out string fault)
    {
        fault = $"The certificate authorities must be 1 to {MaxCertificates} certificates in PEM, of at most {MaxLength} characters.";
        var roots = new X509Certificate2Collection();
        try
        {
            if (text.Length <= MaxLength)
            {
                roots.ImportFromPem(text);
            }
        }
        catch (CryptographicException)
        {
            return null;
        }

        return roots.Count is 0 or > MaxCertificates ? null : new OutboundRoots(roots);
    }

    /// <summary>The machine's rules for a server's certificate; a path that only they do not know may lead to these roots. The name must fit in any case.</summary>
    internal static SslClientAuthenticationOptions ForClient(OutboundRoots? more)
    {
        var options = new SslClientAuthenticationOptions { CertificateChainPolicy = NewPolicy() };
        if (more is not null)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, sent, errors) =>
                errors == SslPolicyErrors.None || (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is not null && more.IsRootOf(certificate, sent));
        }

        return options;
    }

    private bool IsRootOf(X509Certificate certificate, X509Chain? sent)
    {
        using var chain = new X509Chain { ChainPolicy = NewPolicy() };
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(leaf);
    }

    // Nothing is fetched for a certificate that nobody knows yet.
    private static X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }
}
