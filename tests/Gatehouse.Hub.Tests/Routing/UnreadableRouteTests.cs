using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Tests.Files;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A stored condition that this version does not understand: the route takes nothing, and the operator reads why.</summary>
public sealed class UnreadableRouteTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_condition_that_cannot_be_read_is_told_each_time_that_routes_come_into_force_and_the_others_hold()
    {
        await using var hub = await HubHost.StartAsync();
        var routes = new[] { ("good", "true"), ("bad", "level = = 1") }.Select(each => new MessageRoute { Name = each.Item1, Source = "DeviceMessages", Condition = each.Item2, EndpointNames = ["events"] });
        await hub.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                await RoutingRows.SaveAsync(write, hub.Hub, new StoredRouting { Routes = [.. routes], ETag = "1" }, cancel);
                return true;
            },
            Token);
        var log = new RecordingLog();
        using var intakes = new HubIntakes(hub.Get<HubLogs>(), hub.Get<RoutingDefinitions>(), hub.Get<Database>(), hub.Get<ISignals>(), log);

        var intake = await intakes.OpenAsync(hub.Hub, Token);
        await intakes.ReloadAsync(hub.Hub, Token);

        Assert.Equal(["good"], intake.Table.Of(RouteSource.DeviceMessages).Select(route => route.Name));
        Assert.All(log.Lines, line => Assert.StartsWith("Route bad of hub gatehouse takes nothing, because its condition cannot be read: ", line.Text, StringComparison.Ordinal));
        Assert.Equal(["RouteUnreadable", "RouteUnreadable"], log.Lines.Select(line => line.Event));
    }
}
