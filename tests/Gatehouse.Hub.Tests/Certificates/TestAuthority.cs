using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Hub.Tests.Certificates;

/// <summary>A certificate authority made for one test.</summary>
internal sealed class TestAuthority : IDisposable
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    internal TestAuthority(string subject = "CN=Test CA", AsymmetricAlgorithm? key = null, HashAlgorithmName? hash = null, DateTimeOffset? notAfter = null)
    {
        Key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(subject, Key, hash ?? HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Certificate = request.CreateSelfSigned(Now.AddDays(-400), notAfter ?? Now.AddDays(400));
        Der = Certificate.RawData;
    }

    internal AsymmetricAlgorithm Key { get; }

    internal X509Certificate2 Certificate { get; }

    internal byte[] Der { get; }

    internal string Pem => PemEncoding.WriteString("CERTIFICATE", Der);

    /// <summary>A leaf that this authority signs directly.</summary>
    internal byte[] Issue(string subject, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, string? alternativeName = null, X500DistinguishedName? issuer = null) =>
        Issue(new X500DistinguishedName(subject), notBefore, notAfter, alternativeName, issuer);

    internal byte[] Issue(X500DistinguishedName subject, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, string? alternativeName = null, X500DistinguishedName? issuer = null)
    {
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, leafKey, HashAlgorithmName.SHA256);
        if (alternativeName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(alternativeName);
            request.CertificateExtensions.Add(names.Build());
        }

        using var issued = request.Create(
            issuer ?? Certificate.SubjectName,
            Generator(),
            notBefore ?? Now.AddDays(-1),
            notAfter ?? Now.AddDays(30),
            RandomNumberGenerator.GetBytes(8));
        return issued.RawData;
    }

    internal X509SignatureGenerator Generator() =>
        Key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)Key);

    internal static CertificateRequest Request(string subject, AsymmetricAlgorithm key, HashAlgorithmName hash) =>
        key is RSA rsa ? new CertificateRequest(subject, rsa, hash, RSASignaturePadding.Pkcs1) : new CertificateRequest(subject, (ECDsa)key, hash);

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }
}
