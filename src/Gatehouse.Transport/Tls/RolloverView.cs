using System.Net.Security;
using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tls;

/// <summary>Certificates as operators are told of them.</summary>
internal static class RolloverView
{
    /// <summary>More than one packet flight of a slow link, and more than small devices have buffers for.</summary>
    private const int LargeChainBytes = 8 * 1024;

    public static ShownCertificate Of(CertificateNames among, ServerCertificate certificate) =>
        Of(certificate, certificate == among.Made ? "made" : certificate == among.Installed ? "handed-in" : "files");

    public static ShownCertificate Of(ServerCertificate certificate, string source)
    {
        var leaf = certificate.Leaf;
        return new ShownCertificate(
            source,
            leaf.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(),
            leaf.SerialNumber,
            leaf.Subject,
            leaf.Issuer,
            Root(certificate.Context),
            certificate.Names,
            CertificateCheck.KeyType(leaf),
            leaf.NotBefore.ToUniversalTime(),
            leaf.NotAfter.ToUniversalTime());
    }

    public static IReadOnlyList<string> Warnings(ServerCertificate present, ServerCertificate next)
    {
        var warnings = new List<string>();
        var (before, after) = (CertificateCheck.KeyType(present.Leaf), CertificateCheck.KeyType(next.Leaf));
        if (Root(present.Context) != Root(next.Context))
        {
            warnings.Add($"It leads to another root, {Root(next.Context)}: clients that do not trust that one will fail. Hand it out first: gatehouse certificate server roots.");
        }

        if (before[..2] != after[..2])
        {
            warnings.Add($"Its key is {after}, that of the present one {before}: clients whose cipher suites are for the other kind alone will fail.");
        }

        if (present.Names.Where(name => !CertificateCheck.Covers(next.Names, name)).ToList() is { Count: > 0 } missing)
        {
            warnings.Add($"It does not name {string.Join(", ", missing)}: who asks for those is shown the server's own certificate, but who names no host (clients that know an address only) gets this one.");
        }

        if (next.Leaf.NotAfter < present.Leaf.NotAfter)
        {
            warnings.Add($"It ends before the present one, at {next.Leaf.NotAfter.ToUniversalTime():u}.");
        }

        var bytes = next.Context.IntermediateCertificates.Sum(static each => each.RawDataMemory.Length) + next.Leaf.RawDataMemory.Length;
        if (bytes > LargeChainBytes)
        {
            warnings.Add($"Its chain has {bytes} bytes, which small devices may have no room for.");
        }

        return warnings;
    }

    private static string Root(SslStreamCertificateContext context) => (context.IntermediateCertificates is { Count: > 0 } above ? above[^1] : context.TargetCertificate).Issuer;
}
