using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tls;

/// <summary>Judges a certificate that was handed in before anybody is shown it.</summary>
internal static class CertificateCheck
{
    private const int MostCharacters = 64 * 1024;
    private const int MostCertificates = 8;
    private const int LeastRsaBits = 2048;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly TimeSpan LeastLeft = TimeSpan.FromDays(1);

    /// <summary>What was handed in, ready to be kept.</summary>
    /// <param name="Leaf">With its key.</param>
    /// <param name="Above">The rest of the chain as it is shown.</param>
    /// <param name="Root">What clients trust.</param>
    public sealed record Accepted(X509Certificate2 Leaf, X509Certificate2Collection Above, X509Certificate2 Root);

    /// <summary>A fault is one sentence for the operator.</summary>
    public static (Accepted? Certificate, string? Fault) Read(NextCertificate next, IReadOnlyList<string> needed, DateTimeOffset now)
    {
        if (next.Chain is not { Length: > 0 and <= MostCharacters } pem || next.PrivateKey is not { Length: > 0 and <= MostCharacters } key || next.Root?.Length > MostCharacters)
        {
            return (null, $"A certificate and its private key are needed, in PEM of at most {MostCharacters / 1024} KiB each.");
        }

        X509Certificate2 leaf;
        var (above, roots) = (new X509Certificate2Collection(), new X509Certificate2Collection());
        try
        {
            above.ImportFromPem(pem);
            roots.ImportFromPem(next.Root ?? "");
        }
        catch (CryptographicException)
        {
            return (null, "The chain or the root is not PEM with certificates in it.");
        }

        if (above.Count is 0 or > MostCertificates || (next.Root is not null && roots.Count != 1))
        {
            return (null, next.Root is not null && roots.Count != 1 ? "The root must be one certificate in PEM." : $"The chain must be 1–{MostCertificates} certificates in PEM, the server's first.");
        }

        try
        {
            leaf = X509Certificate2.CreateFromPem(pem, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return (null, "The private key does not belong to the first certificate of the chain, has a password, or is not PEM.");
        }

        above.RemoveAt(0);
        if ((LeafFault(leaf, now) ?? NameFault(leaf, needed)) is { } fault)
        {
            return (null, fault);
        }

        return Anchor(leaf, above, roots, now) is { } root ? (new Accepted(leaf, above, root), null)
            : (null, next.Root is null
                ? "The chain leads to no root: it ends in none, and this machine trusts none above it. Hand in the missing intermediates, or the root that clients trust."
                : "The chain does not lead to the root that was handed in. Hand in the missing intermediates with the chain.");
    }

    public static string KeyType(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        using var ec = certificate.GetECDsaPublicKey();
        return rsa is not null ? $"rsa-{rsa.KeySize}" : ec is not null ? $"ec-p{ec.KeySize}" : certificate.PublicKey.Oid.FriendlyName ?? "unknown";
    }

    /// <summary>Whether a certificate's names answer to a name; a wildcard stands for exactly one label (RFC 6125 §6.4.3).</summary>
    public static bool Covers(IReadOnlyList<string> names, string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return names.Contains(name, StringComparer.OrdinalIgnoreCase) || (dot > 0 && !name.StartsWith('*') && names.Contains("*" + name[dot..], StringComparer.OrdinalIgnoreCase));
    }

    private static string? LeafFault(X509Certificate2 leaf, DateTimeOffset now)
    {
        if (leaf.NotBefore.ToUniversalTime() > now.UtcDateTime)
        {
            return $"The certificate is not valid before {leaf.NotBefore.ToUniversalTime():u}.";
        }

        if (leaf.NotAfter.ToUniversalTime() < now.UtcDateTime + LeastLeft)
        {
            return $"The certificate ends at {leaf.NotAfter.ToUniversalTime():u}, which leaves less than a day.";
        }

        if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(static each => each.CertificateAuthority))
        {
            return "The first certificate of the chain is a CA's; the server's own must come first.";
        }

        if (leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage && !usage.EnhancedKeyUsages.Cast<Oid>().Any(static each => each.Value == ServerAuthentication))
        {
            return "The certificate's extended key usage lacks serverAuth.";
        }

        using var rsa = leaf.GetRSAPublicKey();
        var type = KeyType(leaf);
        return rsa?.KeySize < LeastRsaBits || (rsa is null && type is not ("ec-p256" or "ec-p384")) ? $"Keys of type {type} are not taken: RSA of {LeastRsaBits} bits or more, P-256 or P-384 are what all SDKs take." : null;
    }

    private static string? NameFault(X509Certificate2 leaf, IReadOnlyList<string> needed)
    {
        var names = PrivateRoot.NamesOf(leaf);
        var missing = needed.Where(name => !Covers(names, name)).ToList();
        return names.Count == 0 ? "The certificate has no subject alternative names, by which clients know the server."
            : missing.Count > 0 ? $"The certificate does not name {string.Join(", ", missing)}, which the present one does." : null;
    }

    private static X509Certificate2? Anchor(X509Certificate2 leaf, X509Certificate2Collection above, X509Certificate2Collection roots, DateTimeOffset now)
    {
        if (roots.Count == 0 && above.FirstOrDefault(static each => each.SubjectName.RawData.AsSpan().SequenceEqual(each.IssuerName.RawData)) is { } own)
        {
            roots.Add(own);
        }

        using var chain = new X509Chain();
        chain.ChainPolicy = HandshakePolicy.Offline();
        chain.ChainPolicy.TrustMode = roots.Count > 0 ? X509ChainTrustMode.CustomRootTrust : X509ChainTrustMode.System;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(above);
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        var leads = chain.Build(leaf);
        var end = leads ? X509CertificateLoader.LoadCertificate(chain.ChainElements[^1].Certificate.RawData) : null;
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return end;
    }
}
