using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tests;

/// <summary>Client certificates as devices have them: root, intermediate, leaf.</summary>
internal sealed class ClientPki
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddDays(-2);

    public X509Certificate2 Root { get; } = Make("CN=Device root", null, true);

    public X509Certificate2 Intermediate { get; }

    public ClientPki() => Intermediate = Make("CN=Device intermediate", Root, true);

    public SslStreamCertificateContext Leaf(string name, params X509Extension[] extensions) =>
        SslStreamCertificateContext.Create(Portable(Make($"CN={name}", Intermediate, false, extensions: extensions)), [Intermediate], offline: true);

    public static SslStreamCertificateContext SelfSigned(string name, TimeSpan? validFor = null) =>
        SslStreamCertificateContext.Create(Portable(Make($"CN={name}", null, false, validFor)), null, offline: true);

    /// <summary>A leaf under so many intermediates.</summary>
    public static SslStreamCertificateContext Chain(string name, int intermediates)
    {
        var issuer = Make("CN=Root", null, true);
        var chain = new X509Certificate2Collection();
        for (var i = 0; i < intermediates; i++)
        {
            issuer = Make($"CN=Intermediate {i}", issuer, true);
            chain.Add(issuer);
        }

        return SslStreamCertificateContext.Create(Portable(Make($"CN={name}", issuer, false)), chain, offline: true);
    }

    public static X509Certificate2 Make(string subject, X509Certificate2? issuer, bool isAuthority, TimeSpan? validFor = null, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        var end = Start + (validFor ?? TimeSpan.FromDays(300));
        return issuer is null
            ? request.CreateSelfSigned(Start, end)
            : request.Create(issuer, Start, Start.AddDays(200), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Portable(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
}
