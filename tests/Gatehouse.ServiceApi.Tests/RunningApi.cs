using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Throttling;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Transport;
using Gatehouse.Transport.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>The service plane over the real pipeline, room and engines, on loopback with a folder of its own.</summary>
public class RunningApi : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-api-").FullName;
    private readonly HttpClient client = new();
    private readonly ServiceApiOptions options;
    private readonly ThrottleOptions throttling;
    private SecretVault? vault;
    private WebApplication? app;
    private Uri? address;

    public RunningApi()
        : this(new ServiceApiOptions())
    {
    }

    internal RunningApi(ServiceApiOptions options, ThrottleOptions? throttling = null) => (this.options, this.throttling) = (options, throttling ?? new());

    internal FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    internal Uri Address => address!;

    internal IServiceProvider Services => app!.Services;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        vault = SecretVault.Open(Path.Combine(folder, "keys"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore().AddSingleton<TimeProvider>(Time).AddSingleton(vault).AddLogging();
        builder.Services.AddStore(new(), new());
        builder.Services.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") });
        builder.Services.AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") });
        builder.Services.AddIdentity(new IdentityOptions { Backoff = new BackoffOptions { RefusalsPerAddress = 1_000_000 } }).AddHub(new HubOptions { Throttling = throttling }).AddServiceApi(options);
        builder.Services.AddSingleton(new TlsOptions { Folder = Path.Combine(folder, "tls"), KeysFolder = Path.Combine(folder, "tls-keys"), HostNames = ["hub.example"] }).AddServerCertificates().AddServerCertificateApi();
        app = builder.Build();
        app.UseServiceApi();
        await Services.GetRequiredService<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], Token);
        await Services.GetRequiredService<HubStartup>().StartAsync(Token);
        await app.StartAsync(Token);
        address = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app!.DisposeAsync();
        vault!.Dispose();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A token of a built-in policy, good for the whole hub.</summary>
    internal async Task<string> TokenOfAsync(string policy)
    {
        var found = await Services.GetRequiredService<SharedAccessPolicies>().FindAsync(HubName.Parse("gatehouse"), policy, Token);
        return Sign("localhost", policy, found.Value.PrimaryKey, Time.GetUtcNow().AddMinutes(10));
    }

    internal static string Sign(string resource, string policy, string key, DateTimeOffset expiry)
    {
        var seconds = expiry.ToUnixTimeSeconds();
        var mac = HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{resource}\n{seconds}"));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={seconds}&skn={policy}";
    }

    internal async Task<Answer> AskAsync(string method, string path, string? token, string? body = null, string? ifMatch = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(address!, path));
        request.Headers.Host = "localhost";
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        change?.Invoke(request);
        using var response = await client.SendAsync(request, Token);
        return new Answer(
            response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>As iothubowner.</summary>
    internal async Task<Answer> AskAsOwnerAsync(string method, string path, string? body = null, string? ifMatch = null, Action<HttpRequestMessage>? change = null) =>
        await AskAsync(method, path, await TokenOfAsync("iothubowner"), body, ifMatch, change);

    internal sealed record Answer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        internal int Code => (int)Status;

        internal string? Header(string name) => Headers.GetValueOrDefault(name);
    }
}
