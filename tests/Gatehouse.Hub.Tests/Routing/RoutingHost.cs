using System.Buffers;
using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Keys;
using Gatehouse.Sinks;
using Gatehouse.Store;
using Gatehouse.Store.Postgres;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Streams.Log;
using Gatehouse.Streams.Nats;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A hub whose router runs, on a real clock; started again on the same folder, it goes on where it was.</summary>
internal sealed class RoutingHost : IAsyncDisposable
{
    internal static readonly HubName Hub = HubName.Parse("gatehouse");

    private readonly ServiceProvider services;
    private readonly SecretVault vault;

    private RoutingHost(string folder, RoutingOptions routing, SharedPlaces? shared)
    {
        Folder = folder;
        vault = SecretVault.Open(shared?.Keys ?? Path.Combine(folder, "keys"));
        var options = new HubOptions { Routing = routing, Sinks = new SinkOptions { AllowPrivateAddresses = true, Timeout = TimeSpan.FromSeconds(5) } };
        var all = new ServiceCollection().AddSingleton(vault).AddLogging().AddMetrics().AddStore(new(), new());
        _ = shared is null
            ? all.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") }).AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") })
            : all.AddPostgresStore(new PostgresOptions { ConnectionString = shared.Postgres, MaxConnections = 10 }).AddNatsStreams(new NatsStreamsOptions { Url = shared.Nats });
        services = all.AddHub(options).BuildServiceProvider();
    }

    internal string Folder { get; }

    internal RoutingDefinitions Definitions => Get<RoutingDefinitions>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<RoutingHost> StartAsync(string? folder = null, RoutingOptions? options = null, SharedPlaces? shared = null)
    {
        var host = new RoutingHost(
            folder ?? Directory.CreateTempSubdirectory("gatehouse-routing-").FullName,
            options ?? new RoutingOptions { RetryPause = TimeSpan.FromMilliseconds(20), MaxRetryPause = TimeSpan.FromMilliseconds(100), PositionInterval = TimeSpan.FromMilliseconds(50) },
            shared);
        await host.Get<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], Token);
        await host.Get<HubStartup>().StartAsync(Token);
        foreach (var service in host.services.GetServices<IHostedService>())
        {
            await service.StartAsync(Token);
        }

        return host;
    }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal async Task RouteAsync(string name, string condition, string endpoint = "events", string source = "DeviceMessages") => Assert.Null((await Definitions.PutRouteAsync(
        Hub, new MessageRoute { Name = name, Source = source, Condition = condition, EndpointNames = [endpoint] }, IfMatch.Absent, HubHost.Actor, Token)).Error?.Message);

    internal async Task HookAsync(string name, HookServer server) => Assert.Null((await Definitions.PutEndpointAsync(
        Hub, new RoutingEndpoint { Name = name, Type = "webhook", Url = server.Url, Secret = "0123456789abcdef" }, IfMatch.Absent, HubHost.Actor, Token)).Error?.Message);

    /// <summary>Waits until the routes are in force.</summary>
    internal Task SettledAsync(bool isRouted = true) => UntilAsync(async () => (await Get<RoutingReports>().GetStatusAsync(Hub, Token)) is var status && status.IsRouted == isRouted && status.IsRouter == isRouted);

    /// <summary>Sends JSON bodies with the property <c>n</c>, and waits until all are durable.</summary>
    internal async Task SendAsync(string device, IEnumerable<int> numbers, string? level = null)
    {
        var channel = await Get<TelemetryIntake>().OpenAsync(Hub, HubHost.Key(device), Token);
        var wait = new CommitWait();
        foreach (var number in numbers)
        {
            var writer = new EventWriter(new byte[512]);
            writer.TryAddEncoded(EventWriter.EncodeFields(
                (EventField.ConnectionDeviceId, device), (EventField.MessageSource, "Telemetry"), (EventField.ContentType, "application/json"), (EventField.ContentEncoding, "utf-8")));
            if (level is not null)
            {
                writer.TryAddApplication("level"u8, Encoding.UTF8.GetBytes(level));
            }

            wait.Add();
            var body = Encoding.UTF8.GetBytes($$"""{"n":{{number.ToString(CultureInfo.InvariantCulture)}}}""");
            Assert.Equal(TelemetryOutcome.Queued, channel.TryAppend(writer.Complete(), new ReadOnlySequence<byte>(body), wait, 0, out _));
        }

        Assert.True(await wait.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    /// <summary>All that readers of <c>events</c> can read now.</summary>
    internal async Task<IReadOnlyList<HubEvent>> EventsAsync()
    {
        var log = await Get<HubLogs>().OpenAsync(Hub, Token);
        var events = new List<HubEvent>();
        for (var part = 0; part < log.PartitionCount; part++)
        {
            foreach (var stored in await log.ReadAsync(part, 0, 100_000, Token))
            {
                events.Add(EventRecords.Read(part, stored));
            }
        }

        return events;
    }

    internal async Task<IReadOnlyList<HubEvent>> EventsAsync(int count)
    {
        IReadOnlyList<HubEvent> events = [];
        await UntilAsync(async () => (events = await EventsAsync()).Count >= count);
        return events;
    }

    internal static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(90));
        while (!await holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>Stops the router alone, so that what is made from now on stays where it is.</summary>
    internal Task StopRouterAsync() => Get<MessageRouter>().StopAsync(CancellationToken.None);

    /// <summary>As if killed: nothing more is written down, and the lease is not given back.</summary>
    internal async Task DieAsync()
    {
        await services.DisposeAsync();
        vault.Dispose();
    }

    /// <summary>Stops as a server does; the folder stays.</summary>
    internal async Task StopAsync()
    {
        foreach (var service in services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await services.DisposeAsync();
        vault.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
