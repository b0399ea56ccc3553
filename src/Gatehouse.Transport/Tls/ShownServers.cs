using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tls;

/// <summary>Our certificates as use tracking names them, each worked out once. They go with the certificates.</summary>
internal static class ShownServers
{
    private static readonly ConditionalWeakTable<X509Certificate, ShownServer> Known = [];

    internal static void Keep(SslStreamCertificateContext context)
    {
        var leaf = context.TargetCertificate;
        var last = context.IntermediateCertificates is { Count: > 0 } above ? above[^1] : leaf;
        Known.AddOrUpdate(leaf, new ShownServer(leaf.GetCertHashString(HashAlgorithmName.SHA256), last.Issuer));
    }

    internal static ShownServer? Find(X509Certificate? leaf) => leaf is not null && Known.TryGetValue(leaf, out var shown) ? shown : null;
}
