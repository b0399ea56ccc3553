using System.Diagnostics;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

public sealed class SqliteEventOutboxTests() : EventOutboxSuite(null)
{
    [Fact]
    public async Task An_event_costs_the_store_no_more_when_many_wait()
    {
        const int Waiting = 200_000;
        await using var hub = await StartAsync();
        var database = hub.Host.Get<Database>();
        await database.WriteAsync<int>(
            async (write, cancel) => await write.Connection.ExecuteAsync(new CommandDefinition(
                """
                WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < @Waiting)
                INSERT INTO event_outbox (hub, id, device_id, record) SELECT @Hub, id, 'd1', x'00' FROM n
                """,
                new { Waiting, Hub = hub.Host.Hub.Value },
                write.Transaction,
                cancellationToken: cancel)),
            TestContext.Current.CancellationToken);
        OutboxRow[] rows = [.. Enumerable.Repeat(new OutboxRow { DeviceId = "d1", Record = [0] }, 500)];

        var clock = Stopwatch.StartNew();
        foreach (var (max, taken) in new[] { (Waiting + 500, 500), (Waiting + 500, 0) })
        {
            Assert.Equal(taken, (await database.WriteAsync<int>(
                async (write, cancel) => await OutboxRows.AddAsync(write, database.Dialect, hub.Host.Hub, rows, max, cancel), TestContext.Current.CancellationToken)).Value);
        }

        // A look at all that wait takes some 10 s here.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }
}

public sealed class PostgresEventOutboxTests(PostgresServer server) : EventOutboxSuite(server);

/// <summary>What the hub tells routes of twins, identities and connections: in the words of the service, in the transaction of the change, and only where a route asks.</summary>
public abstract class EventOutboxSuite(PostgresServer? server)
{
    private const string Stamp = "\"$lastUpdated\":\"2026-11-24T08:00:00.0000000Z\"";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_route_that_asks_nothing_is_made()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.DeviceMessages);

        await hub.Host.PutAsync("d1");
        await hub.Twins.SetModelIdAsync("d1", "dtmi:a;1");
        await hub.Twins.PatchAsync("d1", """{"tags":{"a":1},"properties":{"desired":{"b":1}}}""");
        await hub.Twins.ReportAsync("d1", """{"r":1}""");
        await ConnectAsync(hub, "d1");
        await hub.FlushConnectionsAsync();
        await hub.Host.DeleteAsync("d1", IfMatch.Any);

        Assert.Empty(await hub.WaitingAsync());
    }

    [Fact]
    public async Task Each_write_of_a_twin_is_told_with_what_it_wrote_and_a_refused_one_is_not()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.TwinChangeEvents);
        await hub.Host.PutAsync("d1");

        await hub.Twins.PatchAsync("d1", """{"tags":{"a":null},"properties":{"desired":{"b":{"c":1},"d":null}}}""");
        await hub.Twins.ReportAsync("d1", """{"r":1}""");
        await hub.Twins.ReplaceAsync("d1", """{"tags":{"x":1}}""");
        await hub.Twins.PatchAsync("d1", """{"tags":{"a b":1}}""");
        await hub.Twins.ReportAsync("d1", """{"$r":1}""");

        var told = await hub.WaitingAsync();
        const string Desired = Stamp + ",\"$lastUpdatedVersion\":2";
        Assert.Equal(["updateTwin d1", "updateTwin d1", "replaceTwin d1"], told.Select(OutboxHost.Operation));
        AssertJson("{\"version\":3,\"tags\":{\"a\":null},\"properties\":{\"desired\":{\"b\":{\"c\":1},\"d\":null,\"$metadata\":{" + Desired + ",\"b\":{" + Desired + ",\"c\":{" + Desired + "}}},\"$version\":2}}}", told[0]);
        AssertJson("{\"version\":4,\"properties\":{\"reported\":{\"r\":1,\"$metadata\":{" + Stamp + ",\"r\":{" + Stamp + "}},\"$version\":2}}}", told[1]);
        var whole = JsonNode.Parse(told[2].Body.Span)!;
        Assert.Equal(("d1", 5, 1, 1, 2), ((string?)whole["deviceId"], (int)whole["version"]!, (int)whole["tags"]!["x"]!, (int)whole["properties"]!["reported"]!["r"]!, (int)whole["properties"]!["reported"]!["$version"]!));
        Assert.Equal((await hub.Twins.GetAsync("d1")).ETag, (string?)whole["etag"]);
    }

    [Fact]
    public async Task An_event_carries_the_properties_and_stamps_of_the_service()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.TwinChangeEvents);
        await hub.Host.PutAsync("d1");
        await hub.Host.PutAsync("d1/m1");

        await hub.Twins.ReportAsync("d1/m1", """{"r":1}""");

        var told = Assert.Single(await hub.WaitingAsync());
        Assert.Equal(["content-encoding=utf-8", "content-type=application/json", "user-id=gatehouse"], told.Properties.Where(each => each.Key != "correlation-id").Select(each => $"{each.Key}={each.Value}").Order(StringComparer.Ordinal));
        Assert.True(Guid.TryParse(told.Properties.Single(each => each.Key == "correlation-id").Value, out _));
        Assert.Equal(
            ["iothub-connection-device-id=d1", "iothub-connection-module-id=m1", "iothub-message-source=twinChangeEvents"],
            told.Annotations.Select(each => $"{each.Key}={each.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ["deviceId=d1", "hubName=gatehouse", "iothub-message-schema=twinChangeNotification", "moduleId=m1", "opType=updateTwin", "operationTimestamp=2026-11-24T08:00:00.0000000Z"],
            told.ApplicationProperties.Select(each => $"{each.Key}={each.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Identities_that_come_and_go_are_told_with_their_twin_and_a_change_of_one_is_not()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.DeviceLifecycleEvents);

        await hub.Host.PutAsync("d1");
        await hub.Host.PutAsync("d1/m1");
        await hub.Host.PutAsync("d1", IfMatch.Any);
        await hub.Host.PutAsync("d1");
        await hub.Twins.ReportAsync("d1/m1", """{"r":1}""");
        await hub.Twins.PatchAsync("d1", """{"tags":{"a":1}}""");
        await hub.Host.DeleteAsync("d1/m1", IfMatch.Any);
        await hub.Host.DeleteAsync("d1", IfMatch.Any);

        var told = await hub.WaitingAsync();
        Assert.Equal(["createDeviceIdentity d1", "createModuleIdentity d1/m1", "deleteModuleIdentity d1/m1", "deleteDeviceIdentity d1"], told.Select(OutboxHost.Operation));
        Assert.Equal(
            ["deviceLifecycleNotification", "moduleLifecycleNotification", "moduleLifecycleNotification", "deviceLifecycleNotification"], told.Select(each => each.ApplicationProperties["iothub-message-schema"]));
        Assert.All(told, each => Assert.Equal("deviceLifecycleEvents", each.Annotations.Single(stamp => stamp.Key == "iothub-message-source").Value));
        var created = JsonNode.Parse(told[0].Body.Span)!;
        AssertJson(
            "{\"deviceId\":\"d1\",\"etag\":\"" + (string)created["etag"]! + "\",\"version\":2,\"properties\":{\"desired\":{\"$metadata\":{\"$lastUpdated\":\"0001-01-01T00:00:00Z\"},\"$version\":1},\"reported\":{\"$metadata\":{\"$lastUpdated\":\"0001-01-01T00:00:00Z\"},\"$version\":1}}}",
            told[0]);
        var module = JsonNode.Parse(told[2].Body.Span)!;
        Assert.Equal(("d1", "m1", 3, 1), ((string?)module["deviceId"], (string?)module["moduleId"], (int)module["version"]!, (int)module["properties"]!["reported"]!["r"]!));
        Assert.Equal(1, (int)JsonNode.Parse(told[3].Body.Span)!["tags"]!["a"]!);
    }

    [Fact]
    public async Task A_digital_twin_is_told_as_a_json_patch_once_the_device_named_its_model()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.DigitalTwinChangeEvents);
        await hub.Host.PutAsync("d1");
        await hub.Twins.ReportAsync("d1", """{"unseen":1}""");

        await hub.Twins.SetModelIdAsync("d1", "dtmi:example:Controller;1");
        await hub.Twins.PatchAsync("d1", """{"tags":{"a":1},"properties":{"desired":{"thermostat1":{"__t":"c","target":21.8},"fan/speed":2,"gone":null}}}""");
        await hub.Twins.ReportAsync("d1", """{"serial":"s1","old":null,"thermostat1":{"__t":"c","target":{"value":21.8,"ac":200,"ad":"done","av":4}}}""");
        await hub.Twins.PatchAsync("d1", """{"tags":{"a":2}}""");

        var told = await hub.WaitingAsync();
        Assert.Equal(3, told.Count);
        Assert.All(told, each => Assert.Equal("application/json-patch+json", each.ContentType));
        Assert.All(told, each => Assert.Equal("dtmi:example:Controller;1", each.Annotations.Single(stamp => stamp.Key == "dt-dataschema").Value));
        AssertJson("""[{"op":"replace","path":"/$metadata/$model","value":"dtmi:example:Controller;1"}]""", told[0]);
        AssertJson(
            """
            [{"op":"add","path":"/thermostat1/$metadata/target","value":{"desiredValue":21.8,"desiredVersion":2}},{"op":"add","path":"/$metadata/fan~1speed","value":{"desiredValue":2,"desiredVersion":2}},
            {"op":"remove","path":"/$metadata/gone/desiredValue"},{"op":"remove","path":"/$metadata/gone/desiredVersion"}]
            """,
            told[1]);
        AssertJson(
            """
            [{"op":"add","path":"/$metadata/serial","value":{"lastUpdateTime":"2026-11-24T08:00:00.0000000Z"}},{"op":"add","path":"/serial","value":"s1"},{"op":"remove","path":"/old"},
            {"op":"add","path":"/thermostat1/$metadata/target/ackCode","value":200},{"op":"add","path":"/thermostat1/$metadata/target/ackDescription","value":"done"},
            {"op":"add","path":"/thermostat1/$metadata/target/ackVersion","value":4},{"op":"add","path":"/thermostat1/$metadata/target/lastUpdateTime","value":"2026-11-24T08:00:00.0000000Z"},
            {"op":"add","path":"/thermostat1/target","value":21.8}]
            """,
            told[2]);
    }

    [Fact]
    public async Task Connections_are_told_when_their_state_is_stored_with_numbers_that_rise_and_one_that_came_and_went_between_is_not()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.DeviceConnectionStateEvents);
        var first = await ConnectAsync(hub, "d1");
        hub.Connections.Disconnected(first);
        await hub.FlushConnectionsAsync();
        Assert.Empty(await hub.WaitingAsync());

        hub.Connections.Connected(hub.Host.Hub, HubHost.Key("d1"), first.GenerationId);
        await hub.FlushConnectionsAsync();
        hub.Connections.Disconnected(first);
        await hub.FlushConnectionsAsync();
        hub.Connections.Connected(hub.Host.Hub, HubHost.Key("d1"), first.GenerationId);
        await hub.FlushConnectionsAsync();
        await hub.FlushConnectionsAsync();

        // As after a crash: another start finds it connected, and nobody is.
        var after = new ConnectionStates(hub.Host.Time);
        using var writer = new ConnectionWriter(hub.Host.Get<Database>(), after, hub.Host.Get<EventOutbox>(), hub.Host.Time, NullLogger<ConnectionWriter>.Instance);
        await writer.LoadAsync(Token);
        await writer.FlushAsync(Token);

        var told = await hub.WaitingAsync();
        Assert.Equal(["deviceConnected d1", "deviceDisconnected d1", "deviceConnected d1", "deviceDisconnected d1"], told.Select(OutboxHost.Operation));
        var numbers = told.Select(each => (string)JsonNode.Parse(each.Body.Span)!["sequenceNumber"]!).ToList();
        Assert.All(numbers, number => Assert.Matches("^[0-9A-F]{64}$", number));
        Assert.Equal(numbers, numbers.Order(StringComparer.Ordinal).Distinct());
        Assert.Equal(("deviceConnectionStateNotification", "deviceConnectionStateEvents"), (told[0].ApplicationProperties["iothub-message-schema"], told[0].Annotations.Single(stamp => stamp.Key == "iothub-message-source").Value));
    }

    [Fact]
    public async Task What_one_transaction_reports_keeps_its_order()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.TwinChangeEvents);
        await hub.Host.PutAsync("d1");
        await hub.Host.PutAsync("d2");

        await Task.WhenAll(Enumerable.Range(0, 40).SelectMany(n => new[] { hub.Twins.ReportAsync("d1", $$"""{"r":{{n}}}"""), hub.Twins.ReportAsync("d2", $$"""{"r":{{n}}}""") }));

        foreach (var device in (await hub.WaitingAsync()).GroupBy(each => each.DeviceId))
        {
            Assert.Equal(Enumerable.Range(3, 40), device.Select(each => (int)JsonNode.Parse(each.Body.Span)!["version"]!));
        }
    }

    [Fact]
    public async Task As_many_events_wait_as_the_limit_allows_and_the_twin_is_written_past_it()
    {
        await using var hub = await StartAsync(new RoutingOptions { MaxWaitingEvents = 3 });
        await hub.RouteAsync(RouteSource.TwinChangeEvents);
        await hub.Host.PutAsync("d1");

        for (var n = 1; n <= 4; n++)
        {
            Assert.True((await hub.Twins.ReportAsync("d1", $$"""{"r":{{n}}}""")).IsOk);
        }

        Assert.Equal([3, 4, 5], (await hub.TakeAsync()).Select(each => (int)JsonNode.Parse(each.Body.Span)!["version"]!));
        hub.Host.Time.Advance(TimeSpan.FromSeconds(0.9));
        await hub.Twins.ReportAsync("d1", """{"r":5}""");
        Assert.Empty(await hub.WaitingAsync());
        hub.Host.Time.Advance(TimeSpan.FromSeconds(0.1));
        await hub.Twins.ReportAsync("d1", """{"r":6}""");
        Assert.Equal(8, (int)JsonNode.Parse(Assert.Single(await hub.WaitingAsync()).Body.Span)!["version"]!);
    }

    [Fact]
    public async Task Events_of_another_hub_between_take_none_of_the_room()
    {
        await using var hub = await StartAsync(new RoutingOptions { MaxWaitingEvents = 3 });
        await hub.RouteAsync(RouteSource.TwinChangeEvents);
        await hub.Host.PutAsync("d1");
        var database = hub.Host.Get<Database>();

        for (var n = 1; n <= 4; n++)
        {
            await hub.Twins.ReportAsync("d1", $$"""{"r":{{n}}}""");
            await database.WriteAsync<int>(
                async (write, cancel) => await OutboxRows.AddAsync(write, database.Dialect, HubName.Parse("other"), [new OutboxRow { DeviceId = "d1", Record = [0] }], 100, cancel), Token);
        }

        Assert.Equal([3, 4, 5], (await hub.WaitingAsync()).Select(each => (int)JsonNode.Parse(each.Body.Span)!["version"]!));
    }

    [Fact]
    public async Task The_event_of_a_twin_whose_metadata_are_larger_than_a_message_goes_without_them()
    {
        await using var hub = await StartAsync();
        await hub.RouteAsync(RouteSource.TwinChangeEvents, RouteSource.DigitalTwinChangeEvents);
        await hub.Host.PutAsync("d1");
        await hub.Twins.SetModelIdAsync("d1", "dtmi:a;1");
        await hub.TakeAsync();
        var many = new JsonObject(Enumerable.Range(0, 4500).Select(n => KeyValuePair.Create(n.ToString("x"), (JsonNode?)true)));

        Assert.True((await hub.Twins.ReportAsync("d1", many.ToJsonString())).IsOk);

        var told = await hub.WaitingAsync();
        Assert.Equal(["twinChangeEvents", "digitalTwinChangeEvents"], told.Select(each => each.Annotations.Single(stamp => stamp.Key == "iothub-message-source").Value));
        var reported = JsonNode.Parse(told[0].Body.Span)!["properties"]!["reported"]!.AsObject();
        Assert.Equal((4501, false), (reported.Count, reported.ContainsKey("$metadata")));
        Assert.Equal(4500, JsonNode.Parse(told[1].Body.Span)!.AsArray().Count);
        Assert.All(told, each => Assert.InRange(each.Body.Length, 1, 256 * 1024));
    }

    private protected async Task<OutboxHost> StartAsync(RoutingOptions? routing = null) => new(await HubHost.StartAsync(new HubOptions { Routing = routing ?? new() }, server));

    private static async Task<ConnectionState> ConnectAsync(OutboxHost hub, string device)
    {
        var identity = await hub.Host.FindAsync(device) is { IsOk: true } found ? found.Value : (await hub.Host.PutAsync(device)).Value;
        return hub.Connections.Connected(hub.Host.Hub, HubHost.Key(device), identity.GenerationId);
    }

    private static void AssertJson(string expected, HubEvent told) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(told.Body.Span)), $"expected {expected}, got {OutboxHost.Text(told)}");
}
