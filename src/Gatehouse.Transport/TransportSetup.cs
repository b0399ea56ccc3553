using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Listeners;
using Gatehouse.Transport.Tls;
using Gatehouse.Transport.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport;

/// <summary>How the server opens the front door: <see cref="AddTransport"/>, <see cref="UseTransport"/> inside ConfigureKestrel, <see cref="MapWebSockets"/>.</summary>
public static class TransportSetup
{
    /// <summary>Time for handlers to return once their connections were cut; then the process ends without them.</summary>
    private static readonly TimeSpan CutTimeout = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddTransport(this IServiceCollection services, TransportOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton(options.Tls);
        services.TryAddSingleton(options.Limits);
        services.TryAddSingleton<TransportMetrics>();
        services.TryAddSingleton<CoarseClock>();
        services.TryAddSingleton<Gate>();
        services.TryAddSingleton<RefusalTally>();
        services.TryAddSingleton<ConnectionTable>();
        services.AddServerCertificates();
        services.TryAddSingleton<SuiteControl>();
        services.TryAddSingleton<HandshakePolicy>();
        services.TryAddSingleton(new IntermediateCache(options.Limits.MaxConnections));
        services.TryAddSingleton<TlsHandshake>();
        services.TryAddSingleton<Doorkeeper>();
        services.TryAddSingleton<WebSocketDoor>();
        services.TryAddSingleton(s => new FrontDoor(
            options,
            s.GetRequiredService<Doorkeeper>(),
            s.GetRequiredService<ConnectionTable>(),
            s.GetRequiredService<MadeCertificates>(),
            s.GetRequiredService<ILogger<FrontDoor>>()));
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout + CutTimeout);
        services.AddHostedService<Drain>();
        services.AddHostedService<Heartbeat>();
        return services;
    }

    /// <summary>The server's certificate and its change, without the doors. Needs TlsOptions, which AddTransport adds.</summary>
    public static IServiceCollection AddServerCertificates(this IServiceCollection services)
    {
        services.TryAddSingleton(all => new MadeCertificates(all.GetRequiredService<TlsOptions>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<MadeCertificates>>()));
        services.TryAddSingleton<ServerCertificates>();
        services.TryAddSingleton<RolloverWatch>();
        services.TryAddSingleton<CertificateRollover>();
        services.TryAddSingleton<IServerCertificates>(static all => all.GetRequiredService<CertificateRollover>());
        return services;
    }

    /// <summary>Binds the listeners. Throws <see cref="TransportException"/> with one line for the operator when a port cannot be had.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="mqtt">Serves MQTT.</param>
    /// <param name="amqp">Serves AMQP; null: there is no AMQP.</param>
    public static void UseTransport(this KestrelServerOptions kestrel, Func<IServiceProvider, IConnectionHandler> mqtt, Func<IServiceProvider, IConnectionHandler>? amqp = null)
    {
        var services = kestrel.ApplicationServices;
        var limits = services.GetRequiredService<ConnectionLimits>();
        kestrel.AddServerHeader = false;

        // Headers carry properties of messages, any text; ASCII, the default, would fail on them.
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8;
        kestrel.Limits.RequestHeadersTimeout = limits.HttpHeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = limits.HttpKeepAliveTimeout;
        kestrel.Limits.MaxRequestBodySize = limits.MaxHttpBodyBytes;
        services.GetRequiredService<FrontDoor>().Bind(kestrel, mqtt(services), amqp?.Invoke(services));
    }

    /// <summary>MQTT and AMQP over WebSocket at the paths that the SDKs fix.</summary>
    public static void MapWebSockets(this IEndpointRouteBuilder endpoints, Func<IServiceProvider, IConnectionHandler> mqtt, Func<IServiceProvider, IConnectionHandler>? amqp = null)
    {
        var door = endpoints.ServiceProvider.GetRequiredService<WebSocketDoor>();
        var overAmqp = amqp?.Invoke(endpoints.ServiceProvider);
        var both = new WebSocketHandlers(mqtt(endpoints.ServiceProvider), overAmqp);
        Map(endpoints, door, WebSocketDoor.HubPath, both);
        MapRoot(endpoints, door, both);
        if (overAmqp is not null)
        {
            Map(endpoints, door, WebSocketDoor.EventHubsPath, new WebSocketHandlers(null, overAmqp));
        }
    }

    private static void Map(IEndpointRouteBuilder endpoints, WebSocketDoor door, string path, WebSocketHandlers handlers)
    {
        var pipeline = endpoints.CreateApplicationBuilder();
        pipeline.UseWebSockets();
        pipeline.Run(context => door.RunAsync(context, handlers));
        endpoints.Map(path, pipeline.Build());
    }

    // Whatever else asks for the root finds nothing there, as before.
    private static void MapRoot(IEndpointRouteBuilder endpoints, WebSocketDoor door, WebSocketHandlers handlers)
    {
        var pipeline = endpoints.CreateApplicationBuilder();
        pipeline.UseWebSockets();
        pipeline.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.WebSockets.IsWebSocketRequest ? door.RunAsync(context, handlers) : Task.CompletedTask;
        });
        endpoints.Map(WebSocketDoor.RootPath, pipeline.Build());
    }

    /// <summary>The caller of this request is known: its connection no longer counts as unknown. Doors call it once a request was authorised.</summary>
    public static void MarkConnectionAuthenticated(this HttpContext context) => context.Features.Get<SecureConnection>()?.MarkAuthenticated();

    /// <summary>What use tracking keeps of the caller.</summary>
    public static ClientTraits Traits(this HttpContext context)
    {
        var session = context.Features.Get<SecureConnection>()?.Session;
        return new ClientTraits { Protocol = "https", TlsVersion = session?.Version, CipherSuite = session?.CipherSuite, Server = session?.Server, Software = context.Request.Headers.UserAgent.ToString() };
    }

    /// <summary>What the caller's TLS handshake proved, unjudged; null when it presented no certificate. The connection disposes it.</summary>
    public static PeerCertificate? PeerCertificate(this HttpContext context) => context.Features.Get<SecureConnection>()?.Session.Certificate;
}
