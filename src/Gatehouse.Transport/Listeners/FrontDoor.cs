using System.Net;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Listeners;

/// <summary>The open front door: what it listens on, and the hooks that the server sets.</summary>
public sealed class FrontDoor
{
    private readonly TransportOptions _options;
    private readonly Doorkeeper _keeper;
    private readonly Gate _gate;
    private readonly ConnectionTable _table;
    private readonly MadeCertificates _made;
    private readonly ILogger _log;
    private ListenOptions? _mqtt;
    private ListenOptions? _amqp;
    private ListenOptions? _https;
    private ListenOptions? _plain;

    internal FrontDoor(TransportOptions options, Doorkeeper keeper, ConnectionTable table, MadeCertificates made, ILogger<FrontDoor> log)
    {
        (_options, _keeper, _gate, _table, _made, _log) = (options, keeper, table.Gate, table, made, log);
    }

    /// <summary>False refuses an address before TLS (back-off, network rules). Called for every accept: must be fast. Null: all may connect.</summary>
    public Func<IPAddress, bool>? AddressRule
    {
        get => _gate.AddressRule;
        set => _gate.AddressRule = value;
    }

    /// <summary>Port of MQTT over TLS, as bound; null when there is no such listener. Valid after start.</summary>
    public int? MqttPort => _mqtt?.IPEndPoint?.Port;

    /// <summary>Port of AMQP over TLS, as bound; null when there is no such listener.</summary>
    public int? AmqpPort => _amqp?.IPEndPoint?.Port;

    /// <summary>Port of HTTPS and WebSockets, as bound.</summary>
    public int? HttpsPort => _https?.IPEndPoint?.Port;

    /// <summary>Port of MQTT without TLS on loopback, as bound.</summary>
    public int? PlainMqttPort => _plain?.IPEndPoint?.Port;

    /// <summary>The root that clients of the made certificate must trust.</summary>
    public string RootCertificatePath => _made.RootPath;

    /// <summary>Connections open now.</summary>
    public int Connections => _table.Count;

    /// <summary>Connections whose peer is not known yet.</summary>
    public int UnauthenticatedConnections => _gate.Unauthenticated;

    internal void Bind(KestrelServerOptions kestrel, IConnectionHandler mqtt, IConnectionHandler? amqp)
    {
        if (_options.MqttPort is { } mqttPort)
        {
            ListenerPlan.Check(_options, mqttPort, "--mqtt-port");
            Listen(kestrel, mqttPort, listen => (_mqtt = listen).Use(_ => context => _keeper.ServeAsync(context, "mqtt", mqtt)));
        }

        if (_options.AmqpPort is { } amqpPort && amqp is not null)
        {
            ListenerPlan.Check(_options, amqpPort, "--amqp-port");
            Listen(kestrel, amqpPort, listen => (_amqp = listen).Use(_ => context => _keeper.ServeAsync(context, "amqp", amqp)));
        }

        if (ListenerPlan.HttpsPort(_options, _log) is { } httpsPort)
        {
            ListenerPlan.Check(_options, httpsPort, "--https-port");
            Listen(kestrel, httpsPort, listen => (_https = listen).Use(next => context => _keeper.ServeHttpsAsync(context, next)));
        }

        if (_options.PlainMqttPort is { } plainPort)
        {
            kestrel.Listen(IPAddress.Loopback, plainPort, listen => Prepare(_plain = listen).Use(_ => context => _keeper.ServePlainMqttAsync(context, mqtt)));
        }
    }

    internal void Opened()
    {
        var listeners = new[] { ("mqtt", MqttPort), ("amqp", AmqpPort), ("https", HttpsPort), ("mqtt without TLS on loopback", PlainMqttPort) };
        TransportLog.Listening(_log, string.Join(", ", listeners.Where(l => l.Item2 is not null).Select(l => $"{l.Item1} {l.Item2}")));
    }

    private void Listen(KestrelServerOptions kestrel, int port, Action<ListenOptions> configure)
    {
        if (_options.Addresses.Count == 0)
        {
            kestrel.ListenAnyIP(port, listen => configure(Prepare(listen)));
        }

        foreach (var address in _options.Addresses)
        {
            kestrel.Listen(address, port, listen => configure(Prepare(listen)));
        }
    }

    /// <summary>HTTP/1.1 only: every SDK speaks it, and it has no streams to exhaust.</summary>
    private static ListenOptions Prepare(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        return listen;
    }
}
