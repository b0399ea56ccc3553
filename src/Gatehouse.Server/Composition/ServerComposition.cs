using System.Diagnostics.Metrics;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Hub;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Provisioning;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Operations;
using Gatehouse.Server.Startup;
using Gatehouse.ServiceApi;
using Gatehouse.Store;
using Gatehouse.Store.Postgres;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Streams.Nats;
using Gatehouse.Transport;
using Gatehouse.Transport.Amqp;
using OpenTelemetry.Metrics;

namespace Gatehouse.Server.Composition;

/// <summary>Binds every part to its settings. Nothing but our own settings is read: no appsettings files, no ASPNETCORE_ variables.</summary>
internal static class ServerComposition
{
    private static readonly double[] SecondBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    internal static WebApplication Build(ServerOptions options, DataDirectory data, SecretVault vault)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "gatehouse-server", ContentRootPath = data.Path });
        var quiet = new StartupQuiet();
        builder.Logging.AddServerLogging(options, quiet);
        builder.Services.AddRoutingCore().AddSingleton(vault).AddSingleton<OperationsListener>().AddSingleton<PublicListener>().AddSingleton<Readiness>();
        AddStoreAndStreams(builder.Services, options, data);
        AddHubAndDoors(builder.Services, new BoundOptions(options, data));
        AddMetrics(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.UseTransport(services => services.WithRegistrations(services.GetRequiredService<MqttHandler>()), services => services.GetRequiredService<AmqpHandler>());
            kestrel.ApplicationServices.GetRequiredService<OperationsListener>().Listen(kestrel, options.MetricsPort);
            if (options.PkiPort is { } port)
            {
                kestrel.ApplicationServices.GetRequiredService<PublicListener>().Listen(kestrel, options.Addresses, port);
            }
        });
        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(quiet.End);
        app.UsePublicDoor(PublicListener.Carries);
        app.UseOperations();
        app.UseDeviceApi();
        app.UseProvisioning();
        app.UseServiceApi();
        app.MapHealth();
        app.MapWebSockets(services => services.WithRegistrations(services.GetRequiredService<MqttHandler>()), services => services.GetRequiredService<AmqpHandler>());
        return app;
    }

    private static void AddStoreAndStreams(IServiceCollection services, ServerOptions options, DataDirectory data)
    {
        services.AddStore(BoundOptions.Audit(options), new(), options.CertificateAlarms);
        _ = options.Store == "sqlite"
            ? services.AddSqliteStore(new SqliteOptions { Path = data.StoreFile })
            : services.AddPostgresStore(new PostgresOptions { ConnectionString = options.Store });
        _ = options.Streams == "rocksdb"
            ? services.AddStreams(new StreamsOptions { Directory = data.StreamsFolder, Log = BoundOptions.Log(options) })
            : services.AddNatsStreams(new NatsStreamsOptions { Url = options.Streams, Log = BoundOptions.Log(options) });
    }

    private static void AddHubAndDoors(IServiceCollection services, BoundOptions bound) => services
        .AddTransport(bound.Transport)
        .AddAmqp(bound.Amqp)
        .AddIdentity(bound.Identity)

        // Before AddHub: what the sessions know about connections goes before the hub's "nobody is connected".
        .AddGateway(bound.Gateway)
        .AddHub(bound.Hub)
        .AddProvisioning(bound.Provisioning)
        .AddServiceApi(bound.ServiceApi)
        .AddServerCertificateApi();

    private static void AddMetrics(IServiceCollection services) => services
        .AddOpenTelemetry()
        .WithMetrics(metrics => metrics
            .AddMeter("Gatehouse.*", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Hosting", "System.Runtime")
            .AddView(BucketsFor)
            .AddPrometheusExporter());

    /// <summary>The SDK's own boundaries are meant for milliseconds; ours are seconds.</summary>
    private static MetricStreamConfiguration? BucketsFor(Instrument instrument) =>
        instrument is Histogram<double> { Unit: "s" } ? new ExplicitBucketHistogramConfiguration { Boundaries = SecondBoundaries } : null;
}
