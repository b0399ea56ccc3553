using System.Text.Json;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Routes tried on messages that nobody sent.</summary>
public sealed class RouteTrialTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Test_all_names_the_enabled_routes_of_the_source_that_take_the_message()
    {
        await using var hub = await HubHost.StartAsync();
        await RouteAsync(hub, "hot", "DeviceMessages", "$body.t > 20");
        await RouteAsync(hub, "off", "DeviceMessages", "true", isEnabled: false);
        await RouteAsync(hub, "floor", "DeviceMessages", "$twin.tags.floor = 2 AND level = 'high'");
        using var twin = JsonDocument.Parse("""{"tags":{"floor":2}}""");
        var message = new TestMessage
        {
            Body = """{"t":21}""",
            AppProperties = new Dictionary<string, string> { ["Level"] = "high" },
            SystemProperties = new Dictionary<string, string> { ["$contentType"] = "application/json", ["contentEncoding"] = "utf-8" },
            Twin = twin.RootElement,
        };

        Assert.Equal(["hot", "floor"], await TestAsync(hub, null, message));
        Assert.Equal(["hot", "floor"], await TestAsync(hub, "devicemessages", message));
        Assert.Equal(["hot"], await TestAsync(hub, "DeviceMessages", message with { Twin = null }));
        Assert.Equal(["$fallback"], await TestAsync(hub, "DeviceMessages", message with { Body = """{"t":20}""", Twin = null }));
        Assert.Empty(await TestAsync(hub, "TwinChangeEvents", message));
        await RouteAsync(hub, "twins", "TwinChangeEvents", "opType = 'updateTwin' AND $body.t > 20");
        Assert.Equal(["twins"], await TestAsync(hub, "TwinChangeEvents", message with { AppProperties = new Dictionary<string, string> { ["opType"] = "updateTwin" } }));
        Assert.Empty(await TestAsync(hub, "TwinChangeEvents", message with { AppProperties = new Dictionary<string, string> { ["opType"] = "replaceTwin" } }));
        Assert.Equal("ArgumentInvalid", (await hub.Get<RouteTests>().TestAllAsync(hub.Hub, "Weather", message, Token)).Error?.Name);
    }

    [Fact]
    public async Task Routes_of_every_source_can_be_enabled()
    {
        await using var hub = await HubHost.StartAsync();

        foreach (var source in Enum.GetNames<RouteSource>())
        {
            await RouteAsync(hub, source, source, "true");
        }

        Assert.Equal(Enum.GetNames<RouteSource>(), await TestAsync(hub, null, new TestMessage()));
    }

    [Fact]
    public async Task Without_its_fallback_a_hub_drops_what_no_route_takes()
    {
        await using var hub = await HubHost.StartAsync();
        await hub.Get<RoutingDefinitions>().PutFallbackAsync(hub.Hub, false, IfMatch.Absent, HubHost.Actor, Token);

        Assert.Empty(await TestAsync(hub, null, new TestMessage()));
    }

    [Theory]
    [InlineData("true", "true", null)]
    [InlineData("", "true", null)]
    [InlineData("level = 'high'", "true", null)]
    [InlineData("level = 'low'", "false", null)]
    [InlineData("absent = 'low'", "undefined", null)]
    [InlineData("level = ", "undefined", 1)]
    [InlineData("level = 'high'\n  AND", "undefined", 2)]
    public async Task Test_new_says_true_false_or_undefined_and_where_a_condition_stops_to_be_one(string condition, string result, int? line)
    {
        await using var hub = await HubHost.StartAsync();

        var verdict = hub.Get<RouteTests>().TestNew(condition, new TestMessage { AppProperties = new Dictionary<string, string> { ["level"] = "high" } }).Value;

        Assert.Equal(result, verdict.Result);
        Assert.Equal(line, verdict.Faults is [var fault] ? fault.Line : null);
    }

    [Fact]
    public async Task A_route_whose_condition_cannot_be_read_is_refused_with_the_position()
    {
        await using var hub = await HubHost.StartAsync();

        var refused = await hub.Get<RoutingDefinitions>().PutRouteAsync(
            hub.Hub, new MessageRoute { Name = "r", Source = "DeviceMessages", EndpointNames = ["events"], Condition = "level == = 1" }, IfMatch.Absent, HubHost.Actor, Token);

        Assert.Equal("ArgumentInvalid", refused.Error?.Name);
        Assert.Contains("position", refused.Error!.Message, StringComparison.Ordinal);
    }

    private static async Task RouteAsync(HubHost hub, string name, string source, string condition, bool isEnabled = true) => Assert.True((await hub.Get<RoutingDefinitions>().PutRouteAsync(
        hub.Hub, new MessageRoute { Name = name, Source = source, EndpointNames = ["events"], Condition = condition, IsEnabled = isEnabled }, IfMatch.Absent, HubHost.Actor, Token)).IsOk);

    private static async Task<IEnumerable<string>> TestAsync(HubHost hub, string? source, TestMessage message) =>
        (await hub.Get<RouteTests>().TestAllAsync(hub.Hub, source, message, Token)).Value.Select(route => route.Name);
}
