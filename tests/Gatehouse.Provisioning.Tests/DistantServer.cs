using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.Twins;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.ServiceApi;
using Gatehouse.Store;
using Gatehouse.Store.Sqlite;
using Gatehouse.Store.Suite;
using Gatehouse.Streams;
using Gatehouse.Transport.Amqp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A second server with a hub of its own, whose service API answers over TLS at 127.0.0.1, and which a test can make fail.</summary>
internal sealed class DistantServer : IAsyncDisposable
{
    internal const string HostName = "127.0.0.1";

    internal static readonly HubName Hub = HubName.Parse("distant");

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-distant-").FullName;
    private readonly SecretVault vault;
    private readonly WebApplication app;
    private readonly X509Certificate2 root;
    private readonly X509Certificate2 leaf;
    private HubEntry hub = null!;

    private DistantServer(TimeProvider time, Func<ISignals, TimeProvider, Database>? postgres, string certificateName)
    {
        (root, leaf) = Certificates(certificateName);
        vault = SecretVault.Open(Path.Combine(folder, "keys"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(leaf)));
        var all = builder.Services.AddRoutingCore().AddSingleton(time).AddSingleton(vault).AddLogging().AddStore(new(), new());
        _ = postgres is null
            ? all.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") })
            : all.AddSingleton(services => postgres(services.GetRequiredService<ISignals>(), time));
        all.AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") }).AddIdentity(new IdentityOptions()).AddAmqp(new AmqpOptions()).AddHub(new HubOptions { FirstHub = "distant", HostNames = [HostName] });
        all.AddServiceApi(new ServiceApiOptions());
        app = builder.Build();
        app.Use(next => async http =>
        {
            Calls.Enqueue($"{http.Request.Method} {http.Request.Path}");
            if (Fault is null || !await Fault(http))
            {
                await next(http);
            }
        });
        app.UseServiceApi();
    }

    /// <summary>Asked before each call; true when it has answered.</summary>
    internal Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>Method and path, in order.</summary>
    internal ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>PEM of the root of its certificate.</summary>
    internal string Root => root.ExportCertificatePem();

    internal int Port => new Uri(Get<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<DistantServer> StartAsync(TimeProvider time, PostgresServer? server, string certificateName = HostName)
    {
        Assembly[] scripts = [typeof(Database).Assembly, typeof(HubSetup).Assembly];
        var distant = new DistantServer(time, server is null ? null : await server.LendAsync(scripts), certificateName);
        await distant.Get<Database>().MigrateAsync(scripts, Token);
        distant.hub = await distant.Get<HubStartup>().StartAsync(Token);
        await distant.app.StartAsync(Token);
        return distant;
    }

    internal async Task<string> ConnectionStringAsync(string? key = null, string policy = "iothubowner")
    {
        var found = (await Get<SharedAccessPolicies>().FindAsync(hub.Name, policy, Token)).Value;
        return $"HostName={HostName}:{Port};SharedAccessKeyName={policy};SharedAccessKey={key ?? found.PrimaryKey}";
    }

    /// <summary>What the hub has revoked.</summary>
    internal IRevocations Revocations => Get<IRevocations>();

    /// <summary>A policy with the rights that an IoT hub wants of who puts devices there, and no more.</summary>
    internal async Task AddPolicyAsync(string name) =>
        Assert.True((await Get<SharedAccessPolicies>().PutAsync(hub.Name, name, new AccessPolicyChange { Rights = Contracts.Access.Rights.RegistryWrite | Contracts.Access.Rights.ServiceConnect }, IfMatch.Absent, "test", Token)).IsOk);

    internal async Task<RegisteredIdentity?> DeviceAsync(string id) =>
        await Get<IdentityRegistry>().GetAsync(hub.Name, new IdentityKey(DeviceId.Parse(id)), Token) is { IsOk: true } found ? found.Value : null;

    internal async Task<string> TagsAsync(string id) => JsonNode.Parse((await Get<Twins>().GetAsync(hub.Name, new IdentityKey(DeviceId.Parse(id)), Token)).Value.Tags.Span)!.ToJsonString();

    internal async Task<string> DesiredAsync(string id) => JsonNode.Parse((await Get<Twins>().GetAsync(hub.Name, new IdentityKey(DeviceId.Parse(id)), Token)).Value.Desired.Json.Span)!.ToJsonString();

    internal async Task TagAsync(string id, string tags) =>
        Assert.True((await Get<Twins>().UpdateAsync(hub.Name, "test", new IdentityKey(DeviceId.Parse(id)), TwinUpdate.Patch(System.Text.Encoding.UTF8.GetBytes($$"""{"tags":{{tags}}}""")).Value, IfMatch.Absent, Token)).IsOk);

    /// <summary>From now on the hub takes no keys of others.</summary>
    internal async Task DeriveKeysAsync() => await ProvisioningHost.DeriveKeysAsync(Get<StrictModeRules>(), hub.Name);

    /// <summary>Writes the device as somebody else would.</summary>
    internal async Task DisableAsync(string id)
    {
        var present = (await Get<IdentityRegistry>().GetAsync(hub.Name, new IdentityKey(DeviceId.Parse(id)), Token)).Value;
        var input = new IdentityInput { Key = present.Key, Authentication = new AuthenticationInput { Type = "sas", PrimaryKey = present.PrimaryKey, SecondaryKey = present.SecondaryKey }, Status = "disabled" };
        Assert.True((await Get<IdentityRegistry>().PutAsync(hub.Name, "test", input, IfMatch.Any, Token)).IsOk);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        vault.Dispose();
        root.Dispose();
        leaf.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    // Of the real present: TLS looks at no other clock.
    private static (X509Certificate2 Root, X509Certificate2 Leaf) Certificates(string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=distant root", rootKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var root = authority.CreateSelfSigned(from, to);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=distant", leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var bare = request.Create(root, from, to, RandomNumberGenerator.GetBytes(8));
        using var withKey = bare.CopyWithPrivateKey(leafKey);
        return (root, X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null));
    }
}
