using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

public sealed class SqliteDeadLetterTests() : DeadLetterSuite(null);

public sealed class PostgresDeadLetterTests(PostgresServer server) : DeadLetterSuite(server);

/// <summary>Dead letters are kept within their bounds, looked at, sent again and thrown away, one or all.</summary>
public abstract class DeadLetterSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_are_listed_the_oldest_first_page_by_page_and_shown_with_what_they_hold()
    {
        await using var hub = await StartAsync();
        var id = await EndpointAsync(hub);
        await BuryAsync(hub, id, [Row(1, 7, 20, "later"), Row(0, 9, 10, "first"), Row(0, 10, 10, "second")]);
        var office = hub.Get<DeadLetterOffice>();

        var page = (await office.ListAsync(hub.Hub, "HOOK", null, 2, Token)).Value;
        var rest = (await office.ListAsync(hub.Hub, "hook", page[^1].Id, 2, Token)).Value;
        var shown = (await office.GetAsync(hub.Hub, "hook", "1-7", Token)).Value;

        Assert.Equal(["0-9 first", "0-10 second"], page.Select(each => $"{each.Id} {each.Reason}"));
        Assert.Equal(["1-7 later"], rest.Select(each => $"{each.Id} {each.Reason}"));
        Assert.Equal(("body 7", "d1", "Telemetry"), (Encoding.UTF8.GetString(shown.Event.Body.Span), shown.Event.DeviceId, shown.Event.Annotations.Single(each => each.Key == "iothub-message-source").Value));
        Assert.Equal((20L, 5L, "x"), (shown.BuriedTime.UtcTicks, shown.Event.EnqueuedTime.UtcTicks, shown.Event.ApplicationProperties["level"]));
        foreach (var wrong in new[] { "0-11", "0", "-1", "a-b", "0-9-1", "9223372036854775808-1", "" })
        {
            Assert.Equal("GenericNotFound", (await office.GetAsync(hub.Hub, "hook", wrong, Token)).Error?.Name);
            Assert.Equal("GenericNotFound", (await office.ReplayAsync(hub.Hub, "hook", wrong, HubHost.Actor, Token)).Error?.Name);
            Assert.Equal("GenericNotFound", (await office.DropAsync(hub.Hub, "hook", wrong, HubHost.Actor, Token)).Error?.Name);
        }

        Assert.Equal("GenericNotFound", (await office.ListAsync(hub.Hub, "none", null, 10, Token)).Error?.Name);
    }

    [Fact]
    public async Task What_is_sent_again_lies_at_the_end_of_the_queue_without_its_place_in_the_intake_and_the_record_names_who_did_it()
    {
        await using var hub = await StartAsync();
        var id = await EndpointAsync(hub);
        await BuryAsync(hub, id, [Row(0, 9, 10, "a"), Row(1, 3, 11, "b"), Row(0, 10, 12, "c")]);
        var office = hub.Get<DeadLetterOffice>();

        Assert.Equal(1, (await office.ReplayAsync(hub.Hub, "hook", "0-10", HubHost.Actor, Token)).Value);
        Assert.Equal(2, (await office.ReplayAsync(hub.Hub, "hook", null, HubHost.Actor, Token)).Value);
        Assert.Equal(0, (await office.ReplayAsync(hub.Hub, "hook", null, HubHost.Actor, Token)).Value);

        Assert.Empty((await office.ListAsync(hub.Hub, "hook", null, 10, Token)).Value);
        var queue = await hub.Get<HubLogs>().OpenQueueAsync(hub.Hub, RunningEndpoint.QueueOf(id), Token);
        var queued = await queue.ReadAsync(0, 0, 10, Token);
        Assert.Equal(["body 10", "body 9"], queued.Select(each => Encoding.UTF8.GetString(EventRecords.Read(0, each).Body.Span)));
        Assert.All(queued, each => Assert.Equal((-1L, new DateTimeOffset(2026, 11, 27, 0, 0, 0, TimeSpan.Zero)), (RoutedRecord.SequenceOf(each.Record.Span), RoutedRecord.EnqueuedTimeOf(each))));
        Assert.Equal("x", EventRecords.Read(0, queued[0]).ApplicationProperties["level"]);
        Assert.Single(await queue.ReadAsync(1, 0, 10, Token));
        Assert.Equal(["endpoint.dead-letters.replay hook", "endpoint.dead-letters.replay hook"], (await hub.AuditedAsync()).TakeLast(2));
    }

    [Fact]
    public async Task Letters_are_thrown_away_one_or_all_and_another_endpoints_stay()
    {
        await using var hub = await StartAsync();
        var (id, other) = (await EndpointAsync(hub), await EndpointAsync(hub, "other"));
        await BuryAsync(hub, id, [Row(0, 1, 10, "a"), Row(0, 2, 10, "b"), Row(0, 3, 10, "c")]);
        await BuryAsync(hub, other, [Row(0, 1, 10, "a")]);
        var office = hub.Get<DeadLetterOffice>();

        Assert.Equal(1, (await office.DropAsync(hub.Hub, "hook", "0-2", HubHost.Actor, Token)).Value);
        Assert.Equal(["0-1", "0-3"], (await office.ListAsync(hub.Hub, "hook", null, 10, Token)).Value.Select(each => each.Id));
        Assert.Equal(2, (await office.DropAsync(hub.Hub, "hook", null, HubHost.Actor, Token)).Value);
        Assert.Equal(0, (await office.DropAsync(hub.Hub, "hook", null, HubHost.Actor, Token)).Value);

        Assert.Single((await office.ListAsync(hub.Hub, "other", null, 10, Token)).Value);
        Assert.Equal(["endpoint.dead-letters.drop hook", "endpoint.dead-letters.drop hook"], (await hub.AuditedAsync()).TakeLast(2));
    }

    [Fact]
    public async Task A_thousand_letters_are_thrown_away_in_a_transaction_and_each_has_its_record()
    {
        await using var hub = await StartAsync();
        await BuryAsync(hub, await EndpointAsync(hub), [.. Enumerable.Range(1, 1_001).Select(number => Row(0, number, 10, "a"))]);
        var before = (await hub.AuditedAsync()).Count;

        Assert.Equal(1_001, (await hub.Get<DeadLetterOffice>().DropAsync(hub.Hub, "hook", null, HubHost.Actor, Token)).Value);

        Assert.Equal(["endpoint.dead-letters.drop hook", "endpoint.dead-letters.drop hook"], (await hub.AuditedAsync()).Skip(before));
    }

    [Fact]
    public async Task As_many_letters_and_bytes_are_kept_as_may_be_and_the_oldest_go_for_one_more()
    {
        await using var hub = await StartAsync();
        var id = await EndpointAsync(hub);
        var size = Row(0, 0, 0, "").Size;
        async Task<string> LeftAsync(int letters, long bytes) =>
            $"{await CutAsync(hub, id, letters, bytes)}: {string.Join(' ', (await hub.Get<DeadLetterOffice>().ListAsync(hub.Hub, "hook", null, 10, Token)).Value.Select(each => each.Id))}";

        await BuryAsync(hub, id, [Row(0, 3, 30, "c"), Row(1, 1, 10, "a"), Row(0, 2, 20, "b")]);

        Assert.Equal("0: 1-1 0-2 0-3", await LeftAsync(3, 3 * size));
        Assert.Equal("1: 0-2 0-3", await LeftAsync(2, 3 * size));
        Assert.Equal("0: 0-2 0-3", await LeftAsync(2, 2 * size));
        Assert.Equal("1: 0-3", await LeftAsync(2, (2 * size) - 1));
    }

    [Fact]
    public async Task Letters_are_buried_up_to_their_bound_and_past_it_a_hundredth_goes_at_once()
    {
        await using var hub = await StartAsync();
        var id = await EndpointAsync(hub);
        var place = new EndpointPlace(hub.Hub, id, "hook", "webhook", await hub.Get<HubLogs>().OpenQueueAsync(hub.Hub, RunningEndpoint.QueueOf(id), Token));
        var options = new RoutingOptions { MaxDeadLetters = 200 };
        var burial = new DeadLetterBurial(hub.Get<Database>(), options);
        async Task<string> NextAsync(params int[] numbers)
        {
            var dropped = new List<int>();
            foreach (var number in numbers)
            {
                dropped.Add(await burial.BuryAsync(place, [Row(0, number, number, "a")], Token));
            }

            return string.Join(' ', dropped);
        }


        Assert.Equal(0, await burial.BuryAsync(place, [.. Enumerable.Range(0, 200).Select(number => Row(0, number, number, "a"))], Token));
        Assert.Equal("3 0 0 3", await NextAsync(200, 201, 202, 203));
        Assert.Equal("0-6", (await hub.Get<DeadLetterOffice>().ListAsync(hub.Hub, "hook", null, 1, Token)).Value[0].Id);

        // After a restart they are counted.
        burial = new DeadLetterBurial(hub.Get<Database>(), options);
        Assert.Equal("0 0 3", await NextAsync(204, 205, 206));
        Assert.Equal(198, await hub.Get<Database>().ReadAsync(async (connection, cancel) => (await DeadLetterRows.CountAsync(connection, hub.Hub, cancel))[id], Token));
    }

    [Fact]
    public async Task A_letter_that_is_buried_twice_is_there_once()
    {
        await using var hub = await StartAsync();
        var id = await EndpointAsync(hub);

        await BuryAsync(hub, id, [Row(0, 1, 10, "first")]);
        await BuryAsync(hub, id, [Row(0, 1, 11, "again")]);

        Assert.Equal("first", Assert.Single((await hub.Get<DeadLetterOffice>().ListAsync(hub.Hub, "hook", null, 10, Token)).Value).Reason);
    }

    private Task<HubHost> StartAsync() => HubHost.StartAsync(new HubOptions { Sinks = new() { AllowPrivateAddresses = true } }, server);

    private static async Task<string> EndpointAsync(HubHost hub, string name = "hook") => (await hub.Get<RoutingDefinitions>().PutEndpointAsync(
        hub.Hub, new RoutingEndpoint { Name = name, Type = "webhook", Url = "http://127.0.0.1:9/", Secret = "0123456789abcdef" }, IfMatch.Absent, HubHost.Actor, Token)).Value.Value.Id;

    private static DeadLetterRow Row(long part, long sequence, long buried, string reason)
    {
        var writer = new EventWriter(new byte[512]);
        writer.TryAddEncoded(EventWriter.EncodeFields(
            (EventField.ConnectionDeviceId, "d1"),
            (EventField.MessageSource, "Telemetry"),
            (EventField.EnqueuedTime, new DateTimeOffset(2026, 11, 27, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
            (EventField.RouteSequence, "99")));
        writer.TryAddApplication("level"u8, "x"u8);
        byte[] record = [.. writer.Complete(), .. Encoding.UTF8.GetBytes($"body {sequence}")];
        return new DeadLetterRow { Part = part, Sequence = sequence, Buried = buried, Enqueued = 5, Reason = reason, Size = record.Length, Record = record };
    }

    private static async Task BuryAsync(HubHost hub, string id, DeadLetterRow[] rows) => await hub.Get<Database>().WriteAsync<bool>(
        async (write, cancel) =>
        {
            await DeadLetterRows.AddAsync(write, hub.Hub, id, rows, cancel);
            return true;
        },
        Token);

    private static async Task<int> CutAsync(HubHost hub, string id, int letters, long bytes) => (await hub.Get<Database>().WriteAsync<int>(
        async (write, cancel) => (await DeadLetterRows.CutAsync(write, hub.Hub, id, letters, bytes, cancel)).Cut, Token)).Value;
}
