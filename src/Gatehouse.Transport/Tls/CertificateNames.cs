using System.Collections.Frozen;

namespace Gatehouse.Transport.Tls;

/// <summary>One consistent view: which certificate answers to which host name.</summary>
internal sealed class CertificateNames
{
    private readonly FrozenDictionary<string, ServerCertificate> _byName;
    private readonly ServerCertificate _default;

    private CertificateNames(ServerCertificate made, FrozenDictionary<string, ServerCertificate> byName, ServerCertificate fallback)
    {
        (Made, _byName, _default) = (made, byName, fallback);
    }

    public ServerCertificate Made { get; }

    public static CertificateNames Of(ServerCertificate made, IReadOnlyDictionary<string, ServerCertificate> byFile)
    {
        var byName = new Dictionary<string, ServerCertificate>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in made.Names)
        {
            byName[name] = made;
        }

        // The operator's certificates win over the made one; among themselves the last file name wins.
        foreach (var (_, certificate) in byFile.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var name in certificate.Names)
            {
                byName[name] = certificate;
            }
        }

        var fallback = byFile.FirstOrDefault(p => Path.GetFileName(p.Key) == "default.pem").Value ?? made;
        return new CertificateNames(made, byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), fallback);
    }

    public ServerCertificate Select(string? hostName)
    {
        if (string.IsNullOrEmpty(hostName))
        {
            return _default;
        }

        if (_byName.TryGetValue(hostName, out var exact))
        {
            return exact;
        }

        // A wildcard stands for exactly one label (RFC 6125 §6.4.3).
        var dot = hostName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _byName.TryGetValue("*" + hostName[dot..], out var wild) ? wild : _default;
    }
}
