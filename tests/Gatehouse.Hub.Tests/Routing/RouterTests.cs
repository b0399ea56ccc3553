using System.Security.Cryptography;
using System.Text;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.DeadLetters;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Messages through routes: who gets them, in what order, with what added, and that none is lost.</summary>
public sealed class RouterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_routes_messages_go_straight_to_events()
    {
        await using var hub = await RoutingHost.StartAsync();
        var intake = await hub.Get<HubIntakes>().OpenAsync(RoutingHost.Hub, Token);

        await hub.SendAsync("d1", [1, 2]);

        Assert.Same(intake.Events, intake.Log);
        Assert.Equal(2, (await hub.EventsAsync()).Count);
    }

    [Fact]
    public async Task Readers_of_events_see_what_a_route_or_the_fallback_sends_there_and_nothing_else()
    {
        using var server = new HookServer();
        await using var hub = await RoutingHost.StartAsync();
        await hub.SendAsync("d1", [0]);
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("alarms", "level = 'alarm'", "hook");
        await hub.RouteAsync("odd", "$body.n = 3");
        await hub.SettledAsync();

        await hub.SendAsync("d1", [1, 2], "alarm");
        await hub.SendAsync("d1", [3], "alarm");
        await hub.SendAsync("d1", [4, 5], "quiet");

        Assert.Equal(["""{"n":0}""", """{"n":3}""", """{"n":4}""", """{"n":5}"""], (await hub.EventsAsync(4)).Select(Text));
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 3));
        Assert.Equal([1, 2, 3], server.Taken.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()));
        var status = await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token);
        Assert.Equal((6, 2, 0, 0), (status.Routed, status.Fallback, status.Orphaned, status.Dropped));
        Assert.Equal(("healthy", 3L, 0L), (status.Endpoints[0].Health, status.Endpoints[0].Delivered, status.Endpoints[0].Waiting));
    }

    [Fact]
    public async Task With_the_fallback_off_what_no_route_takes_is_orphaned()
    {
        await using var hub = await RoutingHost.StartAsync();
        await hub.Definitions.PutFallbackAsync(RoutingHost.Hub, false, IfMatch.Absent, HubHost.Actor, Token);
        await hub.RouteAsync("alarms", "level = 'alarm'");
        await hub.SettledAsync();

        await hub.SendAsync("d1", [1], "quiet");
        await hub.SendAsync("d1", [2], "alarm");

        Assert.Equal(["""{"n":2}"""], (await hub.EventsAsync(1)).Select(Text));
        Assert.Equal(1, (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Orphaned);
    }

    [Fact]
    public async Task A_message_that_two_routes_send_to_one_endpoint_arrives_once()
    {
        await using var hub = await RoutingHost.StartAsync();
        await hub.RouteAsync("r1", "true");
        await hub.RouteAsync("r2", "level = 'alarm'");
        await hub.SettledAsync();

        await hub.SendAsync("d1", [1, 2], "alarm");
        await hub.SendAsync("d1", [3], "quiet");

        Assert.Equal(3, (await hub.EventsAsync(3)).Count);
    }

    [Fact]
    public async Task Enrichments_are_added_from_text_the_hubs_name_and_the_twin_and_stay_literal_where_they_lead_nowhere()
    {
        await using var hub = await RoutingHost.StartAsync();
        Assert.True((await hub.Get<IdentityRegistry>().PutAsync(RoutingHost.Hub, HubHost.Actor, new IdentityInput { Key = HubHost.Key("d1") }, IfMatch.Absent, Token)).IsOk);
        await hub.Get<Gatehouse.Hub.Twins.Twins>().ReportAsync(RoutingHost.Hub, HubHost.Key("d1"), null, """{"floor":{"level":2}}"""u8.ToArray(), null, Token);
        foreach (var (key, value) in new[] { ("text", "plain"), ("hub", "$iothubname"), ("floor", "$twin.properties.reported.floor.level"), ("lost", "$twin.tags.none"), ("level", "replaced") })
        {
            Assert.True((await hub.Definitions.PutEnrichmentAsync(RoutingHost.Hub, new MessageEnrichment { Key = key, Value = value, EndpointNames = ["events"] }, IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        }

        await hub.RouteAsync("onlyTwin", "$twin.properties.reported.floor.level = 2");
        await hub.SettledAsync();
        await hub.SendAsync("d1", [1], "mine");

        var properties = (await hub.EventsAsync(1))[0].ApplicationProperties;
        Assert.Equal(
            ["floor=2", "hub=gatehouse", "level=replaced", "lost=$twin.tags.none", "text=plain"],
            properties.Select(each => $"{each.Key}={each.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Events_of_twins_and_identities_go_where_their_routes_say_and_no_further_and_messages_to_the_fallback()
    {
        using var server = new HookServer();
        await using var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("twins", "opType = 'updateTwin' AND IS_DEFINED($body.properties.reported.floor)", "hook", "TwinChangeEvents");
        await hub.RouteAsync("lives", "true", "hook", "DeviceLifecycleEvents");
        await hub.RouteAsync("same", "$connectionDeviceId = 'd1'", "events", "DeviceLifecycleEvents");
        Assert.True((await hub.Definitions.PutEnrichmentAsync(RoutingHost.Hub, new MessageEnrichment { Key = "where", Value = "$twin.properties.reported.floor", EndpointNames = ["hook"] }, IfMatch.Absent, HubHost.Actor, Token)).IsOk);
        await hub.SettledAsync();

        foreach (var device in new[] { "d1", "d2" })
        {
            Assert.True((await hub.Get<IdentityRegistry>().PutAsync(RoutingHost.Hub, HubHost.Actor, new IdentityInput { Key = HubHost.Key(device) }, IfMatch.Absent, Token)).IsOk);
        }

        await hub.Get<Gatehouse.Hub.Twins.Twins>().ReportAsync(RoutingHost.Hub, HubHost.Key("d1"), null, """{"attic":2}"""u8.ToArray(), null, Token);
        await hub.Get<Gatehouse.Hub.Twins.Twins>().ReportAsync(RoutingHost.Hub, HubHost.Key("d1"), null, """{"floor":2}"""u8.ToArray(), null, Token);
        await hub.SendAsync("d1", [1]);

        // An enrichment reads the twin when the event is routed: it must still be there.
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 3));
        await hub.Get<IdentityRegistry>().DeleteAsync(RoutingHost.Hub, HubHost.Actor, HubHost.Key("d1"), IfMatch.Any, Token);

        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 4));
        var ofFirst = server.Taken.Select(each => each.GetProperty("Properties")).Where(each => each.GetProperty("deviceId").GetString() == "d1").ToList();
        Assert.Equal(["createDeviceIdentity", "updateTwin", "deleteDeviceIdentity"], ofFirst.Select(each => each.GetProperty("opType").GetString()));
        Assert.Equal("2", ofFirst[1].GetProperty("where").GetString());
        Assert.Equal(4, server.Taken.Single(each => each.GetProperty("Properties").GetProperty("opType").GetString() == "updateTwin").GetProperty("Body").GetProperty("version").GetInt32());
        Assert.Equal(3, (await hub.EventsAsync(3)).Count);
        var seen = (await hub.EventsAsync()).Select(each => each.ApplicationProperties.TryGetValue("opType", out var operation) ? operation : Text(each));
        Assert.Equal(["createDeviceIdentity", "deleteDeviceIdentity", """{"n":1}"""], seen.Order(StringComparer.Ordinal));
        Assert.Equal(0L, await OutboxCountAsync(hub.Folder));
    }

    [Fact]
    public async Task Events_that_a_server_left_in_the_outbox_when_it_died_go_out_when_it_starts_again_and_without_their_route_they_are_dropped()
    {
        var hub = await RoutingHost.StartAsync();
        await hub.RouteAsync("lives", "true", "events", "DeviceLifecycleEvents");
        await hub.SettledAsync();
        await hub.StopRouterAsync();
        foreach (var device in new[] { "d1", "d2" })
        {
            Assert.True((await hub.Get<IdentityRegistry>().PutAsync(RoutingHost.Hub, HubHost.Actor, new IdentityInput { Key = HubHost.Key(device) }, IfMatch.Absent, Token)).IsOk);
        }

        Assert.Empty(await hub.EventsAsync());
        await hub.StopAsync();
        Assert.Equal(2L, await OutboxCountAsync(hub.Folder));

        var again = await RoutingHost.StartAsync(hub.Folder);
        Assert.Equal(["d1", "d2"], (await again.EventsAsync(2)).Select(each => each.DeviceId).Order(StringComparer.Ordinal));
        await RoutingHost.UntilAsync(async () => await OutboxCountAsync(hub.Folder) == 0);
        await again.StopRouterAsync();
        await again.Get<IdentityRegistry>().DeleteAsync(RoutingHost.Hub, HubHost.Actor, HubHost.Key("d1"), IfMatch.Any, Token);
        await again.Definitions.DeleteRouteAsync(RoutingHost.Hub, "lives", IfMatch.Absent, HubHost.Actor, Token);
        await again.StopAsync();
        Assert.Equal(1L, await OutboxCountAsync(hub.Folder));

        await using var last = await RoutingHost.StartAsync(hub.Folder);
        await RoutingHost.UntilAsync(async () => await OutboxCountAsync(hub.Folder) == 0);
        Assert.Equal(2, (await last.EventsAsync()).Count);
    }

    [Fact]
    public async Task An_endpoint_that_is_down_holds_up_no_other_and_gets_everything_in_order_when_it_is_back()
    {
        using var good = new HookServer();
        using var bad = new HookServer { Answer = _ => 503 };
        await using var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("good", good);
        await hub.HookAsync("bad", bad);
        await hub.RouteAsync("r1", "true", "good");
        await hub.RouteAsync("r2", "true", "bad");
        await hub.SettledAsync();

        foreach (var device in new[] { "d1", "d2", "d3" })
        {
            await hub.SendAsync(device, Enumerable.Range(0, 300));
        }

        await RoutingHost.UntilAsync(() => Task.FromResult(good.Taken.Count == 900));
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints.First(each => each.Name == "bad") is { Waiting: 900, Health: "unhealthy", LastError: not null });
        bad.Answer = _ => 200;
        await RoutingHost.UntilAsync(() => Task.FromResult(bad.Taken.Count == 900));

        foreach (var server in new[] { good, bad })
        {
            foreach (var device in server.Taken.GroupBy(each => each.GetProperty("SystemProperties").GetProperty("connectionDeviceId").GetString()))
            {
                Assert.Equal(Enumerable.Range(0, 300), device.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()));
            }
        }
    }

    [Fact]
    public async Task What_an_endpoint_refuses_goes_to_its_dead_letters_and_the_rest_goes_on()
    {
        using var server = new HookServer { Answer = body => body.Contains("\"n\":7", StringComparison.Ordinal) ? 400 : 200 };
        await using var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("r", "true", "hook");
        await hub.SettledAsync();

        await hub.SendAsync("d1", Enumerable.Range(0, 20).Where(n => n < 10 || n > 16));

        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 12));
        var endpoint = (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints[0];
        Assert.Equal((1L, 1L), (endpoint.DeadLettered, endpoint.DeadLetters));
        Assert.DoesNotContain(7, server.Taken.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()));
        var letter = Assert.Single((await hub.Get<DeadLetterOffice>().ListAsync(RoutingHost.Hub, "hook", null, 10, Token)).Value);
        Assert.Equal(("""{"n":7}""", "The webhook refused the batch with 400."), (Text(letter.Event), letter.Reason));

        // Sent again while it is still refused it comes back; then it is taken, and what comes later is too.
        Assert.Equal(1, (await hub.Get<DeadLetterOffice>().ReplayAsync(RoutingHost.Hub, "hook", null, HubHost.Actor, Token)).Value);
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints[0] is { DeadLettered: 2, DeadLetters: 1 });
        server.Answer = _ => 200;
        var again = Assert.Single((await hub.Get<DeadLetterOffice>().ListAsync(RoutingHost.Hub, "hook", null, 10, Token)).Value);
        Assert.Equal(letter.Event.EnqueuedTime.ToUnixTimeMilliseconds(), again.Event.EnqueuedTime.ToUnixTimeMilliseconds());
        Assert.Equal(1, (await hub.Get<DeadLetterOffice>().ReplayAsync(RoutingHost.Hub, "hook", again.Id, HubHost.Actor, Token)).Value);
        await hub.SendAsync("d1", [20]);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 14));
        Assert.Equal([7, 20], server.Taken.TakeLast(2).Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()).Order());
    }

    [Fact]
    public async Task Dead_letters_that_are_sent_again_do_not_hide_how_far_the_router_was()
    {
        using var server = new HookServer { Answer = _ => 400 };
        var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await hub.SettledAsync();
        await hub.SendAsync("d1", [1]);
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints[0].DeadLetters == 1);
        server.Answer = _ => 500;
        await hub.SendAsync("d1", [2]);
        await hub.Get<DeadLetterOffice>().ReplayAsync(RoutingHost.Hub, "hook", null, HubHost.Actor, Token);
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints[0].Waiting == 2);
        await hub.StopAsync();
        await ForgetPositionsAsync(hub.Folder);

        server.Answer = _ => 200;
        await using var again = await RoutingHost.StartAsync(hub.Folder);
        await again.SendAsync("d1", [3]);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count >= 3));

        Assert.Equal([1, 2, 3], server.Taken.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()).Order());
    }

    [Fact]
    public async Task What_waits_for_an_endpoint_is_there_after_a_restart_and_what_was_routed_is_not_routed_twice()
    {
        using var server = new HookServer { Answer = _ => 500 };
        var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await hub.RouteAsync("events", "true");
        await hub.SettledAsync();
        await hub.SendAsync("d1", Enumerable.Range(0, 50));
        await hub.EventsAsync(50);
        await hub.StopAsync();
        await ForgetPositionsAsync(hub.Folder);

        server.Answer = _ => 200;
        await using var again = await RoutingHost.StartAsync(hub.Folder);
        await again.SendAsync("d1", [50]);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count >= 51));

        Assert.Equal(Enumerable.Range(0, 51), server.Taken.Select(each => each.GetProperty("Body").GetProperty("n").GetInt32()));
        Assert.Equal(Enumerable.Range(0, 51).Select(n => $$"""{"n":{{n}}}"""), (await again.EventsAsync(51)).Select(Text));
    }

    [Fact]
    public async Task What_waits_for_an_endpoint_that_no_route_leads_to_any_more_still_goes_there_after_a_restart()
    {
        using var server = new HookServer { Answer = _ => 500 };
        var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await hub.SettledAsync();
        await hub.SendAsync("d1", Enumerable.Range(0, 10));
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)) is { Waiting: 0 } status && status.Endpoints[0].Waiting == 10);
        await hub.Definitions.DeleteRouteAsync(RoutingHost.Hub, "all", IfMatch.Absent, HubHost.Actor, Token);
        await hub.StopAsync();

        server.Answer = _ => 200;
        await using var again = await RoutingHost.StartAsync(hub.Folder);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 10));

        Assert.False((await again.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).IsRouted);
    }

    [Fact]
    public async Task What_could_not_be_delivered_for_too_long_goes_to_the_dead_letters_without_a_try_for_each_batch()
    {
        using var server = new HookServer { Answer = _ => 500 };
        await using var hub = await RoutingHost.StartAsync(
            options: new RoutingOptions { RetryPause = TimeSpan.FromMilliseconds(100), MaxRetryPause = TimeSpan.FromMilliseconds(100), PositionInterval = TimeSpan.FromMilliseconds(50), MaxDeliveryTime = TimeSpan.FromSeconds(2), MaxDeadLetters = 450 });
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("all", "true", "hook");
        await hub.SettledAsync();
        var begun = TimeProvider.System.GetTimestamp();
        await hub.SendAsync("d1", Enumerable.Range(0, 500));

        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Endpoints[0] is { DeadLettered: 500, Waiting: 0, DeadLetters: 446 });
        Assert.True(TimeProvider.System.GetElapsedTime(begun) >= TimeSpan.FromSeconds(1.9), "they were given up before their time");

        // The first of five batches was sent until its time was over, and perhaps one that was some milliseconds younger.
        Assert.InRange(server.Calls.Count, 1, 40);
        Assert.InRange(server.Calls.Select(call => call.Body).Distinct().Count(), 1, 4);
        var oldest = (await hub.Get<DeadLetterOffice>().ListAsync(RoutingHost.Hub, "hook", null, 1, Token)).Value[0];
        Assert.Equal("""{"n":54}""", Text(oldest.Event));

        // What comes now is tried: the endpoint may be back.
        server.Answer = _ => 200;
        await hub.SendAsync("d1", [500]);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 1));
    }

    [Fact]
    public async Task After_the_last_route_is_gone_a_hub_keeps_the_order_and_takes_the_straight_way_when_it_starts_again()
    {
        var hub = await RoutingHost.StartAsync();
        await hub.RouteAsync("all", "true");
        await hub.SettledAsync();
        await hub.SendAsync("d1", [1]);
        await hub.Definitions.DeleteRouteAsync(RoutingHost.Hub, "all", IfMatch.Absent, HubHost.Actor, Token);
        await hub.SendAsync("d1", [2]);
        await hub.EventsAsync(2);

        // The event is there a moment before the router has noted it; a router that is stopped between looks at it again.
        await RoutingHost.UntilAsync(async () => (await hub.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).Waiting == 0);
        await hub.StopAsync();

        await using var again = await RoutingHost.StartAsync(hub.Folder);
        await again.SendAsync("d1", [3]);

        Assert.Equal(["""{"n":1}""", """{"n":2}""", """{"n":3}"""], (await again.EventsAsync(3)).Select(Text));
        Assert.False((await again.Get<RoutingReports>().GetStatusAsync(RoutingHost.Hub, Token)).IsRouted);
    }

    [Fact]
    public async Task Calls_of_a_webhook_are_signed_over_time_and_body()
    {
        using var server = new HookServer();
        await using var hub = await RoutingHost.StartAsync();
        await hub.HookAsync("hook", server);
        await hub.RouteAsync("r", "true", "hook");
        await hub.SettledAsync();

        await hub.SendAsync("d1", [1]);
        await RoutingHost.UntilAsync(() => Task.FromResult(server.Taken.Count == 1));

        Assert.True(server.Calls.TryPeek(out var call));
        var time = call.Signature[2..call.Signature.IndexOf(',')];
        var mac = HMACSHA256.HashData("0123456789abcdef"u8, Encoding.UTF8.GetBytes($"{time}.{call.Body}"));
        Assert.Equal($"t={time},v1={Convert.ToHexStringLower(mac)}", call.Signature);
        Assert.InRange(long.Parse(time), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    // As if the server had died before it wrote down how far it was.
    private static async Task ForgetPositionsAsync(string folder)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "store.db")};Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM routing_positions WHERE queue = 'intake'";
        Assert.True(await command.ExecuteNonQueryAsync(Token) > 0);
    }

    private static async Task<long> OutboxCountAsync(string folder)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "store.db")};Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM event_outbox";
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static string Text(Gatehouse.Hub.Events.HubEvent each) => Encoding.UTF8.GetString(each.Body.Span);
}
