using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>The root that the first start makes, and the server certificates it signs. ECDSA P-256: the smallest keys that every SDK takes.</summary>
internal static class PrivateRoot
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Clocks of devices run late; certificates start a day early.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromDays(1);

    public static X509Certificate2 CreateRoot(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var tag = Convert.ToHexString(RandomNumberGenerator.GetBytes(4));
        var request = new CertificateRequest($"CN=Gatehouse private root {tag}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now - ClockSkew, now.AddYears(20));
    }

    public static X509Certificate2 Issue(X509Certificate2 root, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Gatehouse server", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        request.CertificateExtensions.Add(AlternativeNames(names));
        var notAfter = Min(now - ClockSkew + lifetime, root.NotAfter);
        using var bare = request.Create(root, now - ClockSkew, notAfter, Serial());
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>The names a made certificate answers to: always this machine, then what the operator adds.</summary>
    public static IReadOnlyList<string> Names(IEnumerable<string> more)
    {
        string[] always = ["localhost", "127.0.0.1", "::1", Environment.MachineName];
        return [.. always.Concat(more).Where(IsName).Select(Canonical).Distinct(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return extension is null ? [] : [.. extension.EnumerateDnsNames().Select(Canonical), .. extension.EnumerateIPAddresses().Select(a => a.ToString())];
    }

    private static string Canonical(string name) => IPAddress.TryParse(name, out var address) ? address.ToString() : name.ToLowerInvariant();

    private static bool IsName(string name) => IPAddress.TryParse(name, out _) || Uri.CheckHostName(name) == UriHostNameType.Dns;

    private static X509Extension AlternativeNames(IReadOnlyList<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                builder.AddIpAddress(address);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder.Build();
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    /// <summary>16 random octets, positive (RFC 5280 §4.1.2.2).</summary>
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
