using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.Twins;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.DeviceDoor;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.RevocationNotices;
using Gatehouse.Provisioning.Rotation;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Sqlite;
using Gatehouse.Store.Suite;
using Gatehouse.Streams;
using Gatehouse.Transport.Amqp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Gatehouse.Provisioning.Tests;

/// <summary>Hub and provisioning service as the server composes them, behind HTTP on loopback, on a data folder of their own.</summary>
internal sealed class ProvisioningHost : IAsyncDisposable, IRefusalLog
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly SecretVault vault;
    private readonly WebApplication app;
    private readonly HttpClient client = new();
    private string ownerKey = "";

    private ProvisioningHost(ProvisioningOptions options, HubOptions hub, Func<ISignals, TimeProvider, Database>? postgres, IReadOnlyList<KeyStoreAddress> keys)
    {
        var folder = Path.Combine(Folder, "keys");
        vault = SecretVault.Open(folder, new KeyStores(folder, keys));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var all = builder.Services.AddRoutingCore().AddSingleton<TimeProvider>(Time).AddSingleton(vault).AddSingleton<IRefusalLog>(this).AddLogging().AddStore(new(), new());
        _ = postgres is null
            ? all.AddSqliteStore(new SqliteOptions { Path = Path.Combine(Folder, "store.db") })
            : all.AddSingleton(services => postgres(services.GetRequiredService<ISignals>(), Time));
        all.AddStreams(new StreamsOptions { Directory = Path.Combine(Folder, "streams") }).AddIdentity(new IdentityOptions()).AddAmqp(new AmqpOptions()).AddHub(hub).AddProvisioning(options);

        // Tests look after devices that were left, plans, keys that are rolled and hubs that are to be told when they mean to.
        all.Remove(all.Single(each => each.ImplementationType == typeof(LeftDeviceUpkeep)));
        all.Remove(all.Single(each => each.ImplementationType == typeof(KeyRollUpkeep)));
        all.Remove(all.Single(each => each.ImplementationType == typeof(RevocationNoticeUpkeep)));
        all.Remove(all.Single(each => each.ServiceType == typeof(IHostedService) && each.ImplementationFactory is Func<IServiceProvider, RotationRunner>));
        app = builder.Build();
        app.UseProvisioning();
    }

    internal string Folder { get; } = Directory.CreateTempSubdirectory("gatehouse-provisioning-").FullName;

    internal FakeTimeProvider Time { get; } = new(Now);

    /// <summary>What the doors reported, in order.</summary>
    internal ConcurrentQueue<Refusal> Refusals { get; } = new();

    internal HubEntry Hub { get; private set; } = null!;

    internal ProvisioningInstance Instance { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<ProvisioningHost> StartAsync(PostgresServer? server = null, ProvisioningOptions? options = null, HubOptions? hub = null, params IReadOnlyList<KeyStoreAddress> keys)
    {
        Assembly[] scripts = [typeof(Database).Assembly, typeof(HubSetup).Assembly, typeof(ProvisioningSetup).Assembly];
        var host = new ProvisioningHost(options ?? new(), hub ?? new(), server is null ? null : await server.LendAsync(scripts), keys);
        if (server is null)
        {
            await SqliteTemplates.CopyAsync(Path.Combine(host.Folder, "store.db"), scripts);
        }

        await host.Get<Database>().MigrateAsync(scripts, Token);
        host.Hub = await host.Get<HubStartup>().StartAsync(Token);
        host.Instance = await host.Get<ProvisioningStartup>().StartAsync(host.Hub, Token);
        host.ownerKey = (await host.Get<ProvisioningPolicies>().ListAsync(host.Instance.Name, Token)).Single().PrimaryKey;
        await host.app.StartAsync(Token);
        host.client.BaseAddress = new Uri(host.Get<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return host;
    }

    /// <summary>Has a hub derive the keys of its devices: it takes none of others then.</summary>
    internal static async Task DeriveKeysAsync(StrictModeRules rules, HubName hub)
    {
        var owner = new Principal { Hub = hub, PolicyName = "iothubowner", Rights = Rights.Owner, Method = AuthenticationMethod.PolicyKey, Credential = "" };
        Assert.True((await rules.ChangeAsync(owner, new StrictnessChange { DeviceKeys = "derived" }, IfMatch.Absent, isForced: false, "test", Token)).IsOk);
    }

    public void Report(Refusal refusal) => Refusals.Enqueue(refusal);

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>As provisioningserviceowner.</summary>
    internal Task<Answer> AskAsync(string method, string path, string? body = null, string? ifMatch = null, params (string Name, string Value)[] headers) =>
        SendAsync(method, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}api-version=2021-10-01", Sign("localhost", ownerKey, ProvisioningPolicies.OwnerName), body, [.. headers, .. ifMatch is null ? Array.Empty<(string, string)>() : [("If-Match", ifMatch)]]);

    /// <summary>The same with <c>force=true</c>, whatever the version.</summary>
    internal Task<Answer> ForceAsync(string method, string path) =>
        SendAsync(method, $"{path}?api-version=2021-10-01&force=true", Sign("localhost", ownerKey, ProvisioningPolicies.OwnerName), null, ("If-Match", "*"));

    internal async Task<Answer> SendAsync(string method, string path, string? authorization, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Host = "localhost";
        foreach (var (name, value) in authorization is null ? headers : [.. headers, ("Authorization", authorization)])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Token);
        var text = await response.Content.ReadAsStringAsync(Token);
        return new Answer(
            (int)response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.Ordinal),
            text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>What is not JSON.</summary>
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.Headers.Host ??= "localhost";
        return client.SendAsync(request, Token);
    }

    /// <summary>An enrollment that must be taken; the answer shows its keys.</summary>
    internal async Task<JsonNode> EnrollAsync(string id, string rest, bool isGroup = false)
    {
        var answer = await AskAsync("PUT", $"/{(isGroup ? "enrollmentGroups" : "enrollments")}/{id}", $$"""{"{{(isGroup ? "enrollmentGroupId" : "registrationId")}}":"{{id}}",{{rest}}}""");
        Assert.True(answer.Code == 200, answer.Body?.ToJsonString());
        return answer.Body!;
    }

    /// <summary>Registers over HTTP with a token, and asks for the outcome.</summary>
    internal async Task<Answer> RegisterAsync(string id, string key, string? body = null)
    {
        var token = DeviceToken(id, key);
        var started = await SendAsync("PUT", $"/{Instance.IdScope}/registrations/{id}/register?api-version=2019-03-31", token, body ?? $$"""{"registrationId":"{{id}}"}""");
        return started.Code != 202 ? started : await SendAsync("GET", $"/{Instance.IdScope}/registrations/{id}/operations/{started.Text("operationId")}?api-version=2019-03-31", token);
    }

    /// <summary>Registers with a certificate, as the door sees it after TLS; the outcome, or the error.</summary>
    internal async Task<Result<DeviceAnswer>> RegisterAsync(string id, PeerCertificate certificate, string? csr = null)
    {
        var door = Get<DeviceRegistrations>();
        var caller = new DeviceCaller("https", IPAddress.Loopback, null, certificate, () => { });
        var target = new RegistrationTarget(Instance.IdScope, id, Contracts.Access.Operations.RegisterDevice);
        var started = await door.RunAsync(target, caller, _ => Task.FromResult<Result<RegistrationBody?>>(csr is null ? null : new RegistrationBody { Csr = csr }), Token);
        return started.IsOk
            ? await door.RunAsync(target with { Row = Contracts.Access.Operations.GetOperationStatus, OperationId = started.Value.Operation!.OperationId }, caller, NoBody, Token)
            : started;
    }

    private static Task<Result<RegistrationBody?>> NoBody(bool isProved) => Task.FromResult<Result<RegistrationBody?>>((RegistrationBody?)null);

    internal string DeviceToken(string id, string key, string? resource = null, DateTimeOffset? end = null) =>
        Sign(Uri.EscapeDataString(resource ?? $"{Instance.IdScope}/registrations/{id}"), key, "registration", end);

    internal static string Derive(string groupKey, string id) => Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(groupKey), Encoding.UTF8.GetBytes(id)));

    /// <summary>Makes another hub, and links the service with it; only enrollments that name it use it.</summary>
    internal async Task LinkAsync(HubName name, string hostName)
    {
        var startup = new HubStartup(Get<Database>(), Get<KnownHubs>(), Get<BuiltInPolicies>(), Get<KnownRevocations>(), new HubOptions { FirstHub = name.Value, HostNames = [hostName] }, Time);
        await startup.StartAsync(Token);
        await Get<Database>().WriteAsync<bool>(
            async (transaction, token) =>
            {
                await LinkedHubRows.InsertAsync(transaction, Instance.Name, new LinkedHub(hostName, name, LinkedHub.DefaultWeight, Applies: false), token);
                transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, Instance.Name.Value, ""));
                return true;
            },
            Token);
    }

    internal async Task<RegisteredIdentity?> DeviceAsync(string id, HubName? hub = null) =>
        await Get<IdentityRegistry>().GetAsync(hub ?? Hub.Name, new IdentityKey(DeviceId.Parse(id)), Token) is { IsOk: true } found ? found.Value : null;

    internal async Task TagAsync(string id, string tags) =>
        Assert.True((await Get<Twins>().UpdateAsync(Hub.Name, "test", new IdentityKey(DeviceId.Parse(id)), TwinUpdate.Patch(Encoding.UTF8.GetBytes($$"""{"tags":{{tags}}}""")).Value, IfMatch.Absent, Token)).IsOk);

    internal async Task<string> TagsAsync(string id) => JsonNode.Parse((await Get<Twins>().GetAsync(Hub.Name, new IdentityKey(DeviceId.Parse(id)), Token)).Value.Tags.Span)!.ToJsonString();

    /// <summary>Actions and subjects of the audit records of the provisioning service, oldest first, without those of its start.</summary>
    internal async Task<IReadOnlyList<string>> AuditedAsync() =>
        [.. (await Get<AuditLog>().ReadAsync(Instance.Name.Value, 0, 1000, Token)).Where(entry => entry.Fields.Actor != "server").Select(entry => $"{entry.Fields.Action} {entry.Fields.Subject}")];

    internal string Sign(string resource, string key, string policy, DateTimeOffset? end = null)
    {
        var seconds = (end ?? Time.GetUtcNow().AddMinutes(10)).ToUnixTimeSeconds();
        var mac = HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{resource}\n{seconds}"));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={seconds}&skn={policy}";
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        vault.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    internal sealed record Answer(int Code, IReadOnlyDictionary<string, string> Headers, JsonNode? Body)
    {
        internal string Text(string path)
        {
            var node = Body;
            foreach (var step in path.Split('.'))
            {
                node = node?[step];
            }

            return node?.ToString() ?? "";
        }
    }
}
