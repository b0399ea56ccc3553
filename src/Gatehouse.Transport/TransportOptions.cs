using System.Net;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Tls;

namespace Gatehouse.Transport;

/// <summary>The front door: where it listens, whom it lets in and how long it waits.</summary>
public sealed record TransportOptions
{
    /// <summary>Addresses to listen on. Empty (default): all, IPv4 and IPv6 on one socket. With more than one address, ports must not be 0.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>MQTT over TLS. 0–65535; 0: chosen by the system; null: no such listener. Default 8883, which the SDKs fix.</summary>
    public int? MqttPort { get; init; } = 8883;

    /// <summary>AMQP over TLS. 0–65535; 0: chosen by the system; null: no such listener. Default 5671, which the SDKs fix.</summary>
    public int? AmqpPort { get; init; } = 5671;

    /// <summary>HTTPS and WebSockets. 0–65535; 0: chosen by the system; null: no such listener. Default 443, which the SDKs fix.</summary>
    public int? HttpsPort { get; init; } = 443;

    /// <summary>Used instead of <see cref="HttpsPort"/> when that one may not be bound for want of rights. 1–65535; null: fail instead. Default 8443.</summary>
    public int? HttpsFallbackPort { get; init; } = 8443;

    /// <summary>MQTT without TLS, on loopback only: for a proxy on this machine that ends TLS, and for measuring. 0–65535; default null: none.</summary>
    public int? PlainMqttPort { get; init; }

    /// <summary>How long connections may take to finish after a stop was asked for; then they are cut. 0–10 min; default 10 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Certificates, versions, resumption.</summary>
    public required TlsOptions Tls { get; init; }

    /// <summary>What one peer, and all unknown peers together, may make grow.</summary>
    public ConnectionLimits Limits { get; init; } = new();
}
