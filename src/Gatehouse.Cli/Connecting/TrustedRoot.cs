using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Cli.Connecting;

/// <summary>Judges the server's certificate: by the roots of one file and no others, or by the system's where no file is named.</summary>
internal sealed class TrustedRoot
{
    private readonly string? path;
    private readonly X509Certificate2Collection roots;

    private TrustedRoot(string? path, X509Certificate2Collection roots) => (this.path, this.roots) = (path, roots);

    /// <summary>What the last refused certificate had wrong; None when it was good.</summary>
    internal SslPolicyErrors LastErrors { get; private set; }

    internal string Description => path is null ? "the system's roots" : $"the root in '{path}'";

    internal static TrustedRoot Load(string? path)
    {
        var roots = new X509Certificate2Collection();
        if (path is null)
        {
            return new TrustedRoot(null, roots);
        }

        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (CryptographicException error)
        {
            throw CliException.Usage($"--ca-file: '{path}' holds no certificate in PEM.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"--ca-file: '{path}' cannot be read: {error.Message}", error);
        }

        return roots.Count > 0 ? new TrustedRoot(path, roots) : throw CliException.Usage($"--ca-file: '{path}' holds no certificate in PEM.");
    }

    internal SslClientAuthenticationOptions ForHttps() => new() { CertificateChainPolicy = Policy(), RemoteCertificateValidationCallback = (_, _, _, errors) => IsGood(errors) };

    /// <summary>For a client that takes only a question: builds the path itself and compares the name.</summary>
    internal bool IsGood(X509Certificate certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        // What the usual rules say about name and presence stands; only the path is judged by our root.
        if (path is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return IsGood(errors);
        }

        using var chain = new X509Chain { ChainPolicy = Policy() };
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return IsGood(chain.Build(leaf) ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors);
    }

    private bool IsGood(SslPolicyErrors errors)
    {
        LastErrors = errors;
        return errors == SslPolicyErrors.None;
    }

    private X509ChainPolicy Policy()
    {
        // id-kp-serverAuth
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        if (path is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        return policy;
    }
}
