using System.Text;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

public sealed class SqliteDefinitionTests() : DefinitionSuite(null);

public sealed class PostgresDefinitionTests(PostgresServer server) : DefinitionSuite(server);

/// <summary>Routes, endpoints and enrichments: kept, checked as a whole, audited; secrets sealed and masked.</summary>
public abstract class DefinitionSuite(PostgresServer? server)
{
    private const string Queue = "Endpoint=sb://broker.example.com/;SharedAccessKeyName=sender;SharedAccessKey=topsecretkey;EntityPath=alarms";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_is_born_with_the_fallback_route_and_nothing_else()
    {
        await using var hub = await HubHost.StartAsync(server: server);

        var routing = await hub.Get<RoutingDefinitions>().GetAsync(hub.Hub, Token);

        Assert.Equal(("$fallback", true, "events", "true"), (routing.FallbackRoute.Name, routing.FallbackRoute.IsEnabled, routing.FallbackRoute.EndpointNames.Single(), routing.FallbackRoute.Condition));
        Assert.Empty(routing.Routes);
        Assert.Empty(routing.Endpoints);
        Assert.Empty(routing.Enrichments);
    }

    [Fact]
    public async Task Each_part_is_made_changed_and_deleted_with_an_audit_record_and_a_signal()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var routing = hub.Get<RoutingDefinitions>();
        var signals = 0;
        using var subscription = hub.Get<ISignals>().Subscribe(SignalSubjects.RoutingChanged, _ => Interlocked.Increment(ref signals));

        Assert.True((await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "alarms", Type = "serviceBusQueue", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token)).Value.IsNew);
        Assert.True((await RouteAsync(hub, new MessageRoute { Name = "r1", Source = "devicemessages", EndpointNames = ["ALARMS"], Condition = "" })).Value.IsNew);
        var changed = await RouteAsync(hub, new MessageRoute { Name = "R1", Source = "TwinChangeEvents", EndpointNames = ["events"], IsEnabled = false });
        Assert.True((await routing.PutEnrichmentAsync(hub.Hub, new MessageEnrichment { Key = "site", Value = "$twin.tags.site", EndpointNames = ["events", "Events", "alarms"] }, IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        Assert.False((await routing.PutFallbackAsync(hub.Hub, false, IfMatch.Absent, HubHost.Actor, Token)).Value.IsEnabled);
        var all = await routing.GetAsync(hub.Hub, Token);
        Assert.True((await routing.DeleteRouteAsync(hub.Hub, "r1", IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        Assert.True((await routing.DeleteEnrichmentAsync(hub.Hub, "SITE", IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        Assert.True((await routing.DeleteEndpointAsync(hub.Hub, "Alarms", IfMatch.Absent, HubHost.Actor, Token)).IsOk);

        Assert.False(changed.Value.IsNew);
        Assert.Equal(("R1", "TwinChangeEvents", "true", false), (all.Routes[0].Name, all.Routes[0].Source, all.Routes[0].Condition, all.Routes[0].IsEnabled));
        Assert.Equal(["events", "alarms"], all.Enrichments[0].EndpointNames!);
        Assert.Equal(
            ["endpoint.create alarms", "route.create r1", "route.update R1", "enrichment.create site", "route.update $fallback", "route.delete R1", "enrichment.delete site", "endpoint.delete alarms"],
            await hub.AuditedAsync());
        Assert.Equal(8, signals);
        Assert.Equal("GenericNotFound", (await routing.DeleteRouteAsync(hub.Hub, "r1", IfMatch.Absent, HubHost.Actor, Token)).Error?.Name);
    }

    [Fact]
    public async Task Secrets_are_sealed_in_the_store_masked_in_answers_and_kept_when_the_mask_comes_back()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var routing = hub.Get<RoutingDefinitions>();
        await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "eventHub", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token);
        await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "w", Type = "webhook", Url = "https://example.com/hook?code=verysecret", Secret = "0123456789abcdef" }, IfMatch.Absent, HubHost.Actor, Token);

        var shown = await routing.GetAsync(hub.Hub, Token);
        var again = await routing.ReplaceAsync(hub.Hub, shown, IfMatch.Version(shown.ETag), HubHost.Actor, Token);
        var stored = await routing.ReadAsync(hub.Hub, Token);
        var seal = hub.Get<EndpointSeal>();

        Assert.Equal(Queue.Replace("topsecretkey", "****", StringComparison.Ordinal), shown.Endpoints[0].ConnectionString);
        Assert.Equal(("https://example.com/****", "***"), (shown.Endpoints[1].Url, shown.Endpoints[1].Secret));
        Assert.True(again.IsOk);
        Assert.Equal(shown.Endpoints.Select(each => each.Id), again.Value.Endpoints.Select(each => each.Id));
        Assert.Equal(Queue, seal.Open(hub.Hub, stored.Endpoints[0]).ConnectionString);
        Assert.Equal("https://example.com/hook?code=verysecret", seal.Open(hub.Hub, stored.Endpoints[1]).Url);
        Assert.Equal("0123456789abcdef", seal.Open(hub.Hub, stored.Endpoints[1]).Secret);
        Assert.All(stored.Endpoints, each => Assert.DoesNotContain("secret", each.Shown.ConnectionString + each.Shown.Url + Encoding.UTF8.GetString(each.Secrets), StringComparison.Ordinal));
        Assert.ThrowsAny<Exception>(() => seal.Open(hub.Hub, stored.Endpoints[0] with { Secrets = stored.Endpoints[1].Secrets }));
    }

    [Fact]
    public async Task An_endpoint_of_another_type_is_another_endpoint()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var routing = hub.Get<RoutingDefinitions>();
        var first = (await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "eventHub", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token)).Value.Value;

        var refused = await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "serviceBusQueue" }, IfMatch.Absent, HubHost.Actor, Token);
        var second = (await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "serviceBusQueue", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token)).Value.Value;
        var same = (await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "serviceBusQueue" }, IfMatch.Absent, HubHost.Actor, Token)).Value.Value;

        Assert.Equal("ArgumentInvalid", refused.Error?.Name);
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(second.Id, same.Id);
    }

    [Fact]
    public async Task An_endpoint_that_is_used_stays_and_a_stale_etag_changes_nothing()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var routing = hub.Get<RoutingDefinitions>();
        await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = "q", Type = "eventHub", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token);
        await RouteAsync(hub, new MessageRoute { Name = "r", Source = "DeviceMessages", EndpointNames = ["q"] });

        Assert.Equal("InvalidOperation", (await routing.DeleteEndpointAsync(hub.Hub, "q", IfMatch.Absent, HubHost.Actor, Token)).Error?.Name);
        Assert.Equal("PreconditionFailed", (await routing.DeleteRouteAsync(hub.Hub, "r", IfMatch.Version("none"), HubHost.Actor, Token)).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await RouteAsync(hub, new MessageRoute { Name = "gone", Source = "DeviceMessages", EndpointNames = ["nowhere"] })).Error?.Name);
        Assert.Single((await routing.GetAsync(hub.Hub, Token)).Routes);
    }

    [Fact]
    public async Task Each_limit_is_reached_and_not_passed()
    {
        var options = new RoutingOptions { MaxRoutes = 2, MaxEndpoints = 2, MaxEnrichments = 2, MaxConditionLength = 4, MaxEnrichmentValueLength = 5 };
        await using var hub = await HubHost.StartAsync(new HubOptions { Routing = options }, server);
        var routing = hub.Get<RoutingDefinitions>();

        Task<string?> Route(string name, string condition = "true") => ErrorOf(RouteAsync(hub, new MessageRoute { Name = name, Source = "DeviceMessages", EndpointNames = ["events"], Condition = condition }));
        async Task<string?> Endpoint(string name) => (await routing.PutEndpointAsync(hub.Hub, new RoutingEndpoint { Name = name, Type = "eventHub", ConnectionString = Queue }, IfMatch.Absent, HubHost.Actor, Token)).Error?.Name;
        async Task<string?> Enrich(string key, string value = "12345") =>
            (await routing.PutEnrichmentAsync(hub.Hub, new MessageEnrichment { Key = key, Value = value, EndpointNames = ["events"] }, IfMatch.Absent, HubHost.Actor, Token)).Error?.Name;

        Assert.Equal([null, null, "ArgumentInvalid", "ArgumentInvalid"], [await Route("r1"), await Route(new string('r', 64)), await Route("r3"), await Route("r1", "true ")]);
        Assert.Equal([null, null, "ArgumentInvalid"], [await Endpoint("e1"), await Endpoint("e2"), await Endpoint("e3")]);
        Assert.Equal([null, null, "ArgumentInvalid", "ArgumentInvalid"], [await Enrich("k1"), await Enrich(new string('k', 128)), await Enrich("k3"), await Enrich("k1", "123456")]);
        Assert.Equal(["ArgumentInvalid", "ArgumentInvalid"], [await Route(new string('r', 65)), await Enrich(new string('k', 129))]);
    }

    [Theory]
    [InlineData("", "DeviceMessages", "events")]
    [InlineData("a b", "DeviceMessages", "events")]
    [InlineData("r", "Invalid", "events")]
    [InlineData("r", "MqttBrokerMessages", "events")]
    [InlineData("r", "0", "events")]
    [InlineData("r", "DeviceMessages", null)]
    [InlineData("r", "DeviceMessages", "")]
    [InlineData("r", "DeviceMessages", "events,events")]
    public async Task A_route_that_makes_no_sense_is_refused(string name, string source, string? endpoints)
    {
        await using var hub = await HubHost.StartAsync(server: server);

        Assert.Equal("ArgumentInvalid", await ErrorOf(RouteAsync(hub, new MessageRoute { Name = name, Source = source, EndpointNames = endpoints?.Split(',') })));
    }

    private static Task<Contracts.Errors.Result<Gatehouse.Hub.Resources.Saved<MessageRoute>>> RouteAsync(HubHost hub, MessageRoute route) =>
        hub.Get<RoutingDefinitions>().PutRouteAsync(hub.Hub, route, IfMatch.Absent, HubHost.Actor, Token);

    private static async Task<string?> ErrorOf<T>(Task<Contracts.Errors.Result<T>> task) => (await task).Error?.Name;
}
