using System.Text.Json;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Store.Suite;
using Gatehouse.Streams.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Two nodes on PostgreSQL and NATS: one routes and delivers what both take in; when it dies the other goes on, and nothing is lost.</summary>
public sealed class RoutingBetweenNodesTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly TempFolder keys = new();
    private readonly HookServer server = new();
    private NatsServer nats = null!;
    private SharedPlaces shared = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        nats = await NatsServer.StartAsync();
        shared = new SharedPlaces(await postgres.CreateDatabaseAsync(), nats.Url, keys.Path);
    }

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        server.Dispose();
        keys.Dispose();
    }

    [Fact]
    public async Task One_node_delivers_what_both_take_in_and_the_other_goes_on_when_it_dies()
    {
        var first = await JoinAsync();
        await first.HookAsync("hook", server);
        await first.RouteAsync("messages", "true", "hook");
        await first.RouteAsync("lives", "true", "hook", "DeviceLifecycleEvents");
        await RoutingHost.UntilAsync(async () => (await StatusAsync(first)) is { IsRouted: true, IsRouter: true });
        await using var second = await JoinAsync();
        await RoutingHost.UntilAsync(async () => (await StatusAsync(second)).IsRouted);

        await first.SendAsync("d1", Enumerable.Range(0, 100));
        await second.SendAsync("d2", Enumerable.Range(0, 100));
        await PutAsync(second, "made-1");
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 201));
        Assert.Equal((true, false), ((await StatusAsync(first)).IsRouter, (await StatusAsync(second)).IsRouter));

        // The first dies with messages on their way, in the queue and in the outbox.
        server.Answer = _ => 503;
        await first.SendAsync("d1", Enumerable.Range(100, 100));
        await second.SendAsync("d2", Enumerable.Range(100, 100));
        await first.DieAsync();
        await PutAsync(second, "made-2");
        await second.SendAsync("d2", Enumerable.Range(200, 10));
        server.Answer = _ => 200;

        await RoutingHost.UntilAsync(async () => (await StatusAsync(second)).IsRouter);
        await RoutingHost.UntilAsync(() => Task.FromResult(Missing().Count == 0));
        Assert.Equal(["made-1", "made-2"], server.Taken.Where(IsLife).Select(DeviceOf).Distinct());
        foreach (var device in new[] { "d1", "d2" })
        {
            // Some may have come again; first times are in order.
            var numbers = server.Taken.Where(each => !IsLife(each) && DeviceOf(each) == device).Select(NumberOf).ToList();
            Assert.Equal(Enumerable.Range(0, numbers.Max() + 1), numbers.Distinct());
        }
    }

    [Fact]
    public async Task A_node_that_stops_gives_the_routing_over_at_once()
    {
        var first = await JoinAsync(TimeSpan.FromMinutes(5));
        await first.HookAsync("hook", server);
        await first.RouteAsync("messages", "true", "hook");
        await RoutingHost.UntilAsync(async () => (await StatusAsync(first)).IsRouter);
        await using var second = await JoinAsync();
        await first.SendAsync("d1", Enumerable.Range(0, 10));
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 10));

        await first.StopAsync();

        await RoutingHost.UntilAsync(async () => (await StatusAsync(second)).IsRouter);
        await second.SendAsync("d1", Enumerable.Range(10, 10));
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 20));
        Assert.Equal(Enumerable.Range(0, 20), server.Taken.Select(NumberOf));
    }

    private static bool IsLife(JsonElement each) => each.GetProperty("SystemProperties").GetProperty("iothub-message-source").GetString() == "deviceLifecycleEvents";

    private static string? DeviceOf(JsonElement each) => each.GetProperty("SystemProperties").GetProperty("connectionDeviceId").GetString();

    private static int NumberOf(JsonElement each) => each.GetProperty("Body").GetProperty("n").GetInt32();

    private static Task<RoutingStatus> StatusAsync(RoutingHost node) => node.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token);

    private static async Task PutAsync(RoutingHost node, string device) =>
        Assert.True((await node.Get<IdentityRegistry>().PutAsync(RoutingHost.Hub, HubHost.Actor, new IdentityInput { Key = HubHost.Key(device) }, IfMatch.Absent, Token)).IsOk);

    private Task<RoutingHost> JoinAsync(TimeSpan? lease = null) => RoutingHost.StartAsync(
        options: new RoutingOptions
        {
            RetryPause = TimeSpan.FromMilliseconds(20), MaxRetryPause = TimeSpan.FromMilliseconds(100), PositionInterval = TimeSpan.FromMilliseconds(50), LeaseTime = lease ?? TimeSpan.FromSeconds(2),
        },
        shared: shared);

    private List<string> Missing()
    {
        var there = server.Taken.Select(each => IsLife(each) ? DeviceOf(each)! : $"{DeviceOf(each)} {NumberOf(each)}").ToHashSet();
        IEnumerable<string> wanted = [.. Enumerable.Range(0, 200).Select(n => $"d1 {n}"), .. Enumerable.Range(0, 210).Select(n => $"d2 {n}"), "made-1", "made-2"];
        return [.. wanted.Where(each => !there.Contains(each))];
    }
}
