using System.Security.Authentication;

namespace Gatehouse.Transport.Tls;

/// <summary>Server certificates and what a handshake may negotiate.</summary>
public sealed record TlsOptions
{
    /// <summary>Folder of the certificates made at first start: ca.pem, server.pem, server.key. Usually {data}/tls.</summary>
    public required string Folder { get; init; }

    /// <summary>Folder of the private root's key, ca.key (mode 0600). Usually {data}/keys. The file may be taken off the machine between renewals.</summary>
    public required string KeysFolder { get; init; }

    /// <summary>
    /// Folder of the operator's certificates: NAME.pem (chain, leaf first) with its key in NAME.key or in the same file. Each serves the DNS names
    /// in its subject alternative names; <c>default.pem</c> also serves peers that name no host or an unknown one. Null: only the made ones.
    /// </summary>
    public string? CertificatesFolder { get; init; }

    /// <summary>Names for the made server certificate beside localhost, 127.0.0.1, ::1 and the machine's name. DNS names or addresses.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Validity of the made server certificate. 1–825 days (limit that Apple's clients enforce); default 397 days.</summary>
    public TimeSpan CertificateLifetime { get; init; } = TimeSpan.FromDays(397);

    /// <summary>A made server certificate with less than this left is replaced. Default 60 days.</summary>
    public TimeSpan RenewBefore { get; init; } = TimeSpan.FromDays(60);

    /// <summary>How often certificate files are looked at; a change is loaded when two looks agree. 1 s–1 h; default 5 s.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Lowest version: Tls12 (default) or Tls13. Source: IoT Hub "TLS support" page, minTlsVersion.</summary>
    public SslProtocols MinimumVersion { get; init; } = SslProtocols.Tls12;

    /// <summary>Lowest version for peers that name this host in SNI; wins over <see cref="MinimumVersion"/>.</summary>
    public IReadOnlyDictionary<string, SslProtocols> MinimumVersionByHost { get; init; } = new Dictionary<string, SslProtocols>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Most certificates taken from a client beside its leaf; more: the handshake fails. 0–16; default 8 (path depth limit).</summary>
    public int MaxClientIntermediates { get; init; } = 8;

    /// <summary>Most bytes of client certificates, leaf included; more: the handshake fails. Default 65,536.</summary>
    public int MaxClientCertificateBytes { get; init; } = 64 * 1024;

    /// <summary>Whether TLS sessions may be resumed. Default true.</summary>
    public bool Resumption { get; init; } = true;
}
