using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A certificate with its key, and those that it can issue.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TestCertificate? issuer;

    private TestCertificate(string name, TestCertificate? issuer, bool isAuthority, DateTimeOffset? notAfter)
    {
        this.issuer = issuer;
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature, true));
        var (from, to) = (ProvisioningHost.Now.AddDays(-400), notAfter ?? ProvisioningHost.Now.AddDays(400));
        Certificate = issuer is null
            ? request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, to, RandomNumberGenerator.GetBytes(8))
            : request.Create(issuer.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.key), from, to, RandomNumberGenerator.GetBytes(8));
    }

    internal X509Certificate2 Certificate { get; }

    internal string Pem => PemEncoding.WriteString("CERTIFICATE", Certificate.RawData);

    internal string Base64 => Convert.ToBase64String(Certificate.RawData);

    internal string Thumbprint => Convert.ToHexString(SHA256.HashData(Certificate.RawData));

    /// <summary>A list of this CA that names the given certificates, all as compromised.</summary>
    internal byte[] List(int number, params IEnumerable<TestCertificate> revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var each in revoked)
        {
            builder.AddEntry(each.Certificate, ProvisioningHost.Now.AddHours(-1), X509RevocationReason.KeyCompromise);
        }

        var identifier = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3]);
        return builder.Build(
            Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), number, ProvisioningHost.Now.AddDays(1), HashAlgorithmName.SHA256, identifier, ProvisioningHost.Now.AddHours(-1));
    }

    internal static TestCertificate Root(string name = "root") => new(name, null, true, null);

    internal static TestCertificate SelfSigned(string name, DateTimeOffset? notAfter = null) => new(name, null, false, notAfter);

    internal TestCertificate Authority(string name, DateTimeOffset? notAfter = null) => new(name, this, true, notAfter);

    internal TestCertificate Leaf(string name, DateTimeOffset? notAfter = null) => new(name, this, false, notAfter);

    /// <summary>What a device shows that sends its chain, the root left out.</summary>
    internal PeerCertificate Shown()
    {
        var chain = new List<X509Certificate2>();
        for (var each = issuer; each is { issuer: not null }; each = each.issuer)
        {
            chain.Add(each.Certificate);
        }

        return new PeerCertificate(Certificate, chain);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }
}
