using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Bench.Identity;

/// <summary>A CA with its key.</summary>
internal sealed class Authority(X509Certificate2 certificate, ECDsa key) : IDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset End = DateTimeOffset.UtcNow.AddDays(30);

    internal X509Certificate2 Certificate => certificate;

    public void Dispose()
    {
        certificate.Dispose();
        key.Dispose();
    }

    internal static Authority Root(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new Authority(Request(name, key, isAuthority: true).CreateSelfSigned(Start, End), key);
    }

    /// <summary>A CA certificate that signed nothing here.</summary>
    internal static X509Certificate2 Stranger(string name)
    {
        using var root = Root(name);
        return X509CertificateLoader.LoadCertificate(root.Certificate.RawData);
    }

    internal Authority Authorize(string name)
    {
        var lower = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new Authority(Sign(Request(name, lower, isAuthority: true)), lower);
    }

    /// <summary>A device's certificate, shown with this CA's and the one's above it.</summary>
    internal PeerCertificate Issue(string deviceId, Authority above)
    {
        using var device = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new PeerCertificate(Sign(Request($"CN={deviceId}", device, isAuthority: false)), [certificate, above.Certificate]);
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, critical: true));
        return request;
    }

    private X509Certificate2 Sign(CertificateRequest request) =>
        request.Create(certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Start, End, RandomNumberGenerator.GetBytes(16));
}
