using System.Collections.Frozen;

namespace Gatehouse.Transport.Tls;

/// <summary>One consistent view: which certificate answers to which host name.</summary>
internal sealed class CertificateNames
{
    private readonly FrozenDictionary<string, ServerCertificate> _byName;
    private readonly ServerCertificate _default;

    private CertificateNames(ServerCertificate made, ServerCertificate? installed, FrozenDictionary<string, ServerCertificate> byName, ServerCertificate fallback)
    {
        (Made, Installed, _byName, _default) = (made, installed, byName, fallback);
    }

    public ServerCertificate Made { get; }

    /// <summary>The one that was handed in.</summary>
    public ServerCertificate? Installed { get; }

    /// <summary>For peers that name no host, or an unknown one.</summary>
    public ServerCertificate Default => _default;

    public static CertificateNames Of(ServerCertificate made, IReadOnlyDictionary<string, ServerCertificate> byFile, ServerCertificate? installed = null)
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

        // The one that was handed in wins over the files: it was checked, and shown step by step.
        foreach (var name in installed?.Names ?? [])
        {
            byName[name] = installed!;
        }

        var fallback = installed ?? byFile.FirstOrDefault(p => Path.GetFileName(p.Key) == "default.pem").Value ?? made;
        return new CertificateNames(made, installed, byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), fallback);
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
