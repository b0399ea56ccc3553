using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.DeadLetters;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Endpoints that go: for good, for a while, or for another of the same name.</summary>
public sealed class EndpointGoneTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_for_a_deleted_endpoint_goes_with_it_and_one_of_the_same_name_starts_empty()
    {
        using var server = new HookServer { Answer = body => body.Contains("\"n\":0", StringComparison.Ordinal) ? 400 : 500 };
        await using var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await hub.SettledAsync();
        await hub.SendAsync("d1", [0]);
        await UntilStatusAsync(hub, endpoint => endpoint is { DeadLetters: 1, Waiting: 0 });
        await hub.SendAsync("d1", Enumerable.Range(1, 20));
        await UntilStatusAsync(hub, endpoint => endpoint.Waiting == 20);

        await hub.Definitions.DeleteRouteAsync(RoutingHost.Hub, "all", IfMatch.Absent, HubHost.Actor, Token);
        Assert.True((await hub.Definitions.DeleteEndpointAsync(RoutingHost.Hub, "hook", IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints.Count == 0);
        server.Answer = _ => 200;
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await UntilStatusAsync(hub, endpoint => endpoint.Waiting == 0);
        await hub.SendAsync("d1", [21]);

        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 1));
        Assert.Equal(21, server.Taken[0].GetProperty("Body").GetProperty("n").GetInt32());
        Assert.Empty((await hub.Get<DeadLetterOffice>().ListAsync(RoutingHost.Hub, "hook", null, 10, Token)).Value);
    }

    [Fact]
    public async Task An_endpoint_that_is_deleted_gets_nothing_more_also_when_no_route_was_left_at_the_last_start()
    {
        using var server = new HookServer { Answer = _ => 500 };
        var first = await RoutingHost.StartAsync();
        await first.HookAsync("hook", server);
        await first.RouteAsync("all", "true", "hook");
        await first.SettledAsync();
        await first.SendAsync("d1", Enumerable.Range(0, 5));
        await UntilStatusAsync(first, endpoint => endpoint.Waiting == 5);
        await first.Definitions.DeleteRouteAsync(RoutingHost.Hub, "all", IfMatch.Absent, HubHost.Actor, Token);
        await first.StopAsync();
        await using var hub = await RoutingHost.StartAsync(first.Folder);
        await UntilStatusAsync(hub, endpoint => endpoint is { Waiting: 5, Health: "unhealthy" });
        Assert.False((await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).IsRouted);

        Assert.True((await hub.Definitions.DeleteEndpointAsync(RoutingHost.Hub, "hook", IfMatch.Absent, HubHost.Actor, Token)).IsOk);

        await RoutingHost.UntilAsync(async () => await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token) is { IsRouter: false, Endpoints.Count: 0 });
        server.Answer = _ => 200;
        await Task.Delay(300, Token);
        Assert.Empty(server.Taken);
    }

    [Fact]
    public async Task Where_nobody_listens_messages_wait_in_order_and_go_out_when_somebody_does()
    {
        var gone = new HookServer();
        var url = gone.Url;
        gone.Dispose();
        await using var hub = await RoutingHost.StartAsync();
        Assert.True((await hub.Definitions.PutEndpointAsync(
            RoutingHost.Hub, new RoutingEndpoint { Name = "hook", Type = "webhook", Url = url, Secret = "0123456789abcdef" }, IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        await hub.RouteAsync("all", "true", "hook");
        await hub.SettledAsync();
        await hub.SendAsync("d1", Enumerable.Range(0, 150));
        await UntilStatusAsync(hub, endpoint => endpoint is { Waiting: 150, Health: "unhealthy" } && endpoint.LastError!.Contains("cannot be reached", StringComparison.Ordinal));

        // The address of another server: the queue stays.
        using var server = new HookServer();
        await hub.HookAsync("hook", server);

        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 150));
        Assert.Equal(Enumerable.Range(0, 150), server.Taken.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()));
    }

    private static Task UntilStatusAsync(RoutingHost hub, Predicate<EndpointStatus> holds) => RoutingHost.UntilAsync(
        async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints is [var endpoint] && holds(endpoint));
}
