using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Streams.Log;
using Gatehouse.Transport.Amqp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>The device plane as the server composes it, with a held event log and a clock of the test's.</summary>
internal sealed class GatewayHost : IAsyncDisposable, IRefusalLog
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-gateway-").FullName;
    private readonly SecretVault vault;
    private readonly ServiceProvider services;
    private readonly List<Refusal> refusals = [];

    private GatewayHost(TelemetryOptions telemetry, GatewayOptions options, IEventLogs? log, Gatehouse.Hub.Files.FileOptions files, ThrottleOptions throttling, ICertificateRenewal? renewal)
    {
        vault = SecretVault.Open(Path.Combine(folder, "keys"));
        var all = new ServiceCollection();
        _ = renewal is null ? all : all.AddSingleton(renewal);
        services = all
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(vault)
            .AddSingleton(log ?? Log)
            .AddSingleton<IRefusalLog>(this)
            .AddLogging()
            .AddStore(new(), new())
            .AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") })
            .AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") })
            .AddIdentity(new IdentityOptions())
            .AddAmqp(new AmqpOptions { KeepLinkAddresses = options.FaultInjection })
            .AddGateway(options)
            .AddHub(new HubOptions { Telemetry = telemetry, Throttling = throttling, Files = files with { Folder = FilesFolder } })
            .BuildServiceProvider();
    }

    internal FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    internal string FilesFolder => Path.Combine(folder, "files");

    internal HeldLog Log { get; } = new();

    internal HubName Hub { get; } = HubName.Parse("gatehouse");

    internal IReadOnlyList<Refusal> Refusals
    {
        get
        {
            lock (refusals)
            {
                return [.. refusals];
            }
        }
    }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal static async Task<GatewayHost> StartAsync(TelemetryOptions? telemetry = null, GatewayOptions? options = null, IEventLogs? log = null, Gatehouse.Hub.Files.FileOptions? files = null, ThrottleOptions? throttling = null, ICertificateRenewal? renewal = null)
    {
        var host = new GatewayHost(telemetry ?? new(), options ?? new(), log, files ?? new(), throttling ?? new(), renewal);
        await host.Get<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], TestContext.Current.CancellationToken);
        await host.Get<HubStartup>().StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public void Report(Refusal refusal)
    {
        lock (refusals)
        {
            refusals.Add(refusal);
        }
    }

    /// <summary>Registers (or with <paramref name="ifMatch"/> changes) a device; returns its primary key.</summary>
    internal async Task<string> RegisterAsync(string device, string status = "enabled", IfMatch? ifMatch = null, string? key = null)
    {
        var authentication = key is null ? null : new AuthenticationInput { PrimaryKey = key, SecondaryKey = key };
        var input = new IdentityInput { Key = new IdentityKey(DeviceId.Parse(device)), Status = status, Authentication = authentication };
        var stored = await Get<IdentityRegistry>().PutAsync(Hub, "policy:iothubowner", input, ifMatch ?? IfMatch.Absent, TestContext.Current.CancellationToken);
        return stored.Value.PrimaryKey!;
    }

    /// <summary>A token as the SDKs make it.</summary>
    internal byte[] TokenOf(string resource, string key, string? policy = null, TimeSpan? life = null)
    {
        var expiry = Time.GetUtcNow().Add(life ?? TimeSpan.FromHours(1)).ToUnixTimeSeconds();
        var mac = HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}"));
        return Encoding.UTF8.GetBytes($"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={expiry}" + (policy is null ? "" : $"&skn={policy}"));
    }

    /// <summary>Registers a device; returns its token.</summary>
    internal async Task<string> TokenOfNewAsync(string device) => Encoding.UTF8.GetString(TokenOf($"localhost/devices/{device}", await RegisterAsync(device)));

    /// <summary>A client on a connection of its own, before CONNECT.</summary>
    internal DeviceDriver Open(int outputBytes = 1024 * 1024, PeerCertificate? certificate = null)
    {
        var connection = new PipedConnection(outputBytes, certificate);
        return new DeviceDriver(connection, Task.Run(() => Get<MqttHandler>().RunAsync(connection)));
    }

    /// <summary>A device that is connected.</summary>
    internal async Task<DeviceDriver> ConnectAsync(string device, string key, bool cleanSession = true, ushort keepAlive = 60)
    {
        var driver = Open();
        await driver.SendAsync(DeviceDriver.Connect(device, TokenOf($"localhost/devices/{device}", key), cleanSession, keepAlive));
        await driver.ExpectAsync(0x20, 2, 0, 0);
        return driver;
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        vault.Dispose();

        // Sessions that a test left open may be closing their files still.
        for (var i = 0; ; i++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (i < 100)
            {
                await Task.Delay(20);
            }
        }
    }
}
