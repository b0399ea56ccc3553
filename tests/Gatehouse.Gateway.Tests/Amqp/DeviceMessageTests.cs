using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>What becomes of a message: its properties, its body, its outcome.</summary>
public sealed class DeviceMessageTests
{
    [Fact]
    public async Task Every_property_becomes_the_hubs()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        var properties = new AmqpMap();
        properties.AddSymbol("com.microsoft:model-id", "dtmi:test:model;1");
        Assert.Null(await device.AttachAsync(2, "/devices/d1/messages/events", properties: properties));
        var uuid = Guid.Parse("01234567-89ab-cdef-0123-456789abcdef");
        var time = new AmqpTimestamp(1_700_000_000_123);
        var message = new MessageBytes()
            .Annotations(("iothub-interface-id", "urn:azureiot:Security:SecurityAgent:1"), ("dt-subject", "thermostat"), ("Diagnostic-Id", "abc"), ("Correlation-Context", "creationtimeutc=1"), ("iothub-connection-device-id", "d2"), ("x-other", 1))
            .Properties(uuid, Encoding.UTF8.GetBytes("user"), "/devices/d1/messages/events", null, null, 42ul, new Symbol("application/json"), new Symbol("utf-8"), time)
            .Application(
                ("text", "ü"), ("empty", ""), ("none", null), ("yes", true), ("number", -5), ("big", ulong.MaxValue), ("half", 0.5), ("id", uuid), ("time", time), ("bytes", "raw"u8.ToArray()), ("binary", new byte[] { 0xff, 0xfe }), ("symbol", new Symbol("s")),
                ("iothub-creation-time-utc", "2026-01-01T00:00:00Z"), ("iothub-message-schema", "schema"), ("iothub-operation", "d2c"), ("iothub-outputname", "out"), ("iothub-ack", "full"),
                ("iothub-connection-device-id", "d2"), ("iothub-connection-auth-method", "forged"))
            .Data("{}"u8.ToArray())
            .ToArray();

        var id = await device.SendAsync(2, message);
        await device.ExpectAcceptedAsync(id, id);

        var stored = new Stored(host.Log.Stored[0]);
        Assert.Equal("{}", stored.Text);
        Assert.Equal(
            [
                ("text", "ü"), ("empty", ""), ("none", null), ("yes", "true"), ("number", "-5"), ("big", "18446744073709551615"), ("half", "0.5"), ("id", uuid.ToString()), ("time", "2023-11-14T22:13:20.123Z"), ("bytes", "raw"), ("binary", "//4="), ("symbol", "s"),
            ],
            stored.Application);
        var expected = new Dictionary<EventField, string>
        {
            [EventField.MessageId] = uuid.ToString(),
            [EventField.CorrelationId] = "42",
            [EventField.UserId] = "user",
            [EventField.To] = "/devices/d1/messages/events",
            [EventField.AbsoluteExpiryTime] = "2023-11-14T22:13:20.123Z",
            [EventField.ContentType] = "application/json",
            [EventField.ContentEncoding] = "utf-8",
            [EventField.CreationTimeUtc] = "2026-01-01T00:00:00Z",
            [EventField.MessageSchema] = "schema",
            [EventField.Operation] = "d2c",
            [EventField.OutputName] = "out",
            [EventField.InterfaceId] = "urn:azureiot:Security:SecurityAgent:1",
            [EventField.Subject] = "thermostat",
            [EventField.DiagnosticId] = "abc",
            [EventField.DiagnosticContext] = "creationtimeutc=1",
            [EventField.ConnectionDeviceId] = "d1",
            [EventField.ConnectionAuthMethod] = """{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}""",
            [EventField.MessageSource] = "Telemetry",
            [EventField.ModelId] = "dtmi:test:model;1",
        };
        stored.Fields.Remove(EventField.ConnectionAuthGenerationId, out var generation);
        Assert.False(string.IsNullOrEmpty(generation));
        Assert.Equal(expected.OrderBy(each => each.Key), stored.Fields.OrderBy(each => each.Key));
    }

    public static TheoryData<string, byte[], string> Bodies => new()
    {
        { "no body", new MessageBytes().Properties("m").ToArray(), "" },
        { "one section", MessageBytes.Of("one"), "one" },
        { "several sections", new MessageBytes().Data("one, "u8.ToArray()).Data([]).Data("two"u8.ToArray()).Application(("k", "v")).ToArray(), "one, two" },
        { "a string", new MessageBytes().Value("text").ToArray(), "text" },
        { "a binary", new MessageBytes().Value("bytes"u8.ToArray()).ToArray(), "bytes" },
        { "nothing", new MessageBytes().Value(null).ToArray(), "" },
        { "in the C client's order", new MessageBytes().Properties("m").Application(("k", "v")).Annotations(("a", 1)).Data("c"u8.ToArray()).ToArray(), "c" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Bodies_arrive_as_they_were_sent(string name, byte[] message, string body)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var id = await device.SendAsync(2, message);
        await device.ExpectAcceptedAsync(id, id);

        Assert.Equal((name, body), (name, new Stored(host.Log.Stored[0]).Text));
    }

    public static TheoryData<string, byte[], string> Bad => new()
    {
        { "not encoded", "hello"u8.ToArray(), AmqpConditions.ArgumentError },
        { "a number for a body", new MessageBytes().Value(5).ToArray(), AmqpConditions.ArgumentError },
        { "a sequence for a body", new MessageBytes().Section(Descriptors.AmqpSequence, new List<object?> { 1 }).ToArray(), AmqpConditions.ArgumentError },
        { "a map for a property", new MessageBytes().Application(("k", new AmqpMap())).ToArray(), AmqpConditions.ArgumentError },
        { "properties twice", new MessageBytes().Properties("a").Properties("b").ToArray(), AmqpConditions.ArgumentError },
        { "a broken property list", new MessageBytes().Properties(5).ToArray(), AmqpConditions.ArgumentError },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_message_is_rejected_and_the_link_goes_on(string name, byte[] message, string condition)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        Assert.Equal((name, condition), (name, await device.ExpectRejectedAsync(await device.SendAsync(2, message))));

        var id = await device.SendAsync(2, MessageBytes.Of("good"));
        await device.ExpectAcceptedAsync(id, id);
        Assert.Single(host.Log.Stored);
        Assert.Contains(host.Refusals, refusal => refusal is { Claimed: "d1", Reason: RefusalReason.ProtocolViolation });
    }

    [Fact]
    public async Task The_largest_message_is_taken_and_one_byte_more_is_rejected()
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { MaxMessageBytes = 262_144 });
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var frame = new MessageBytes().Data(new byte[1000]).ToArray().Length - 1000;

        var id = await device.SendAsync(2, new MessageBytes().Data(new byte[262_144]).ToArray());
        await device.ExpectAcceptedAsync(id, id);
        Assert.Equal(AmqpConditions.MessageSizeExceeded, await device.ExpectRejectedAsync(await device.SendAsync(2, new MessageBytes().Data(new byte[262_145]).ToArray())));

        Assert.InRange(frame, 5, 8);
        Assert.Equal(262_144, new Stored(host.Log.Stored[0]).Body.Length);
        id = await device.SendAsync(2, MessageBytes.Of("good"));
        await device.ExpectAcceptedAsync(id, id);
    }

    [Fact]
    public async Task Properties_that_fill_a_message_are_kept_whole()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var pairs = Enumerable.Range(0, 30_000).Select(i => ("k", (object?)(i % 2 == 0 ? true : 0ul))).ToArray();

        var id = await device.SendAsync(2, new MessageBytes().Application(pairs).ToArray());
        await device.ExpectAcceptedAsync(id, id);

        Assert.Equal(30_000, new Stored(host.Log.Stored[0]).Application.Count);
    }

    [Fact]
    public async Task An_outcome_leaves_after_the_commit_and_not_before()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var first = await device.SendAsync(2, MessageBytes.Of("0"));
        for (var i = 1; i < 10; i++)
        {
            await device.SendAsync(2, MessageBytes.Of($"{i}"));
        }

        await device.SendAsync(2, MessageBytes.Of("settled"), settled: true);
        await Eventually.TrueAsync(() => host.Log.PendingCount == 11);
        await device.ExpectNothingAsync();

        host.Log.Commit();

        await device.ExpectAcceptedAsync(first, first + 9);
        await device.ExpectNothingAsync();
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => $"{i}"), "settled"], host.Log.Stored.Select(record => new Stored(record).Text));
    }

    [Fact]
    public async Task What_could_not_be_stored_is_the_servers_fault_and_may_be_sent_again()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var id = await device.SendAsync(2, MessageBytes.Of("lost"));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);

        host.Log.Fail(new IOException("disk full"));

        Assert.Equal(AmqpConditions.InternalError, await device.ExpectRejectedAsync(id));
        id = await device.SendAsync(2, MessageBytes.Of("again"));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        host.Log.Commit();
        await device.ExpectAcceptedAsync(id, id);
    }

    [Fact]
    public async Task A_full_log_holds_messages_back_in_their_order()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.Room = 2;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var first = await device.SendAsync(2, MessageBytes.Of("0"));
        for (var i = 1; i < 7; i++)
        {
            await device.SendAsync(2, MessageBytes.Of($"{i}"));
        }

        for (var i = 0; i < 4; i++)
        {
            var stored = i * 2;
            await Eventually.TrueAsync(() => host.Log.PendingCount == Math.Min(2, 7 - stored));
            host.Log.Commit();
        }

        await device.ExpectAcceptedAsync(first, first + 6);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"{i}"), host.Log.Stored.Select(record => new Stored(record).Text));
    }

    [Fact]
    public async Task A_device_at_its_rate_does_not_hold_another_of_the_connection_up_and_links_share_the_rate()
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { DeviceMessagesPerSecond = 2 });
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        Assert.Null(await device.AttachAsync(3, "/devices/d1/messages/events"));
        Assert.Equal(200, await device.PutTokenAsync("d2", await host.RegisterAsync("d2")));
        Assert.Null(await device.AttachAsync(4, "/devices/d2/messages/events"));

        foreach (var handle in new[] { 2u, 3u, 2u, 3u, 4u })
        {
            await device.SendAsync(handle, MessageBytes.Of($"over {handle}"));
        }

        await Eventually.TrueAsync(() => host.Log.Stored.Count == 3);
        Assert.Equal(["over 2", "over 3", "over 4"], host.Log.Stored.Select(record => new Stored(record).Text));
        for (var i = 0; i < 200 && host.Log.Stored.Count < 5; i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(5, host.Log.Stored.Count);
    }
}
