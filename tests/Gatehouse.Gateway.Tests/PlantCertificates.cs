using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>A root, one CA below it, and devices of that.</summary>
internal sealed class PlantCertificates : IDisposable
{
    private readonly List<IDisposable> made = [];
    private readonly ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa betweenKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal PlantCertificates(GatewayHost host)
    {
        var root = Authority("CN=Root", rootKey);
        Root = root.CreateSelfSigned(host.Time.GetUtcNow().AddDays(-1), host.Time.GetUtcNow().AddDays(30));
        Between = Authority("CN=Between", betweenKey).Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), Root.NotBefore, Root.NotAfter, [1, 2, 3]);
        made.AddRange([rootKey, betweenKey, Root, Between]);
    }

    internal X509Certificate2 Root { get; }

    internal X509Certificate2 Between { get; }

    internal static async Task TrustAsync(GatewayHost host, string name, X509Certificate2 authority) => Assert.True((await host.Get<CaCertificates>().PutAsync(
        host.Hub, name, new CertificateUpload(Convert.ToBase64String(authority.RawData), IsVerified: true), IfMatch.Absent, "test", TestContext.Current.CancellationToken)).IsOk);

    internal PeerCertificate Leaf(string name)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = Request(name, own).Create(Between.SubjectName, X509SignatureGenerator.CreateForECDsa(betweenKey), Root.NotBefore, Root.NotAfter, RandomNumberGenerator.GetBytes(8));
        made.Add(leaf);
        return new PeerCertificate(leaf, [Between]);
    }

    /// <summary>Signed by the root itself; sends nothing beside it.</summary>
    internal PeerCertificate LeafOfRoot(string name)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = Request(name, own).Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), Root.NotBefore, Root.NotAfter, RandomNumberGenerator.GetBytes(8));
        made.Add(leaf);
        return new PeerCertificate(leaf, []);
    }

    internal PeerCertificate SelfSigned(string name)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = Request(name, own).CreateSelfSigned(Root.NotBefore, Root.NotAfter);
        made.Add(leaf);
        return new PeerCertificate(leaf, []);
    }

    public void Dispose() => made.ForEach(each => each.Dispose());

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    private static CertificateRequest Request(string name, ECDsa own)
    {
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        return request;
    }
}
