using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>Messages over HTTPS: what becomes of their headers and bodies, when they are acknowledged, and what is refused.</summary>
public sealed class HttpTelemetryTests
{
    [Fact]
    public async Task Headers_become_the_properties_of_the_message()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");

        var answer = await door.SendAsync(
            token,
            "{}",
            ("iothub-to", "/devices/d1/messages/events"), ("iothub-operation", "d2c"), ("iothub-ack", "full"),
            ("iothub-app-Key", "ü value"), ("IOTHUB-APP-b", ""), ("iothub-app-iothub-connection-device-id", "d2"),
            ("IoTHub-MessageId", "m1"), ("iothub-correlationid", "c1"), ("iothub-userid", "u1"), ("iothub-expiry", "2026-12-01T00:00:00Z"),
            ("iothub-contenttype", "application/json"), ("iothub-contentencoding", "utf-8"), ("iothub-creationtimeutc", "2026-01-01T00:00:00Z"),
            ("iothub-messageschema", "schema"), ("iothub-interface-id", "urn:x"), ("dt-subject", "thermostat"), ("iothub-connection-device-id", "d2"), ("x-other", "1"));

        answer.ExpectDone();
        var stored = new Stored(host.Log.Stored[0]);
        Assert.Equal("{}", stored.Text);
        Assert.Equal([("Key", "ü value"), ("b", "")], stored.Application.OrderBy(each => each.Key, StringComparer.Ordinal));
        var expected = new Dictionary<EventField, string>
        {
            [EventField.MessageId] = "m1",
            [EventField.CorrelationId] = "c1",
            [EventField.UserId] = "u1",
            [EventField.AbsoluteExpiryTime] = "2026-12-01T00:00:00Z",
            [EventField.ContentType] = "application/json",
            [EventField.ContentEncoding] = "utf-8",
            [EventField.CreationTimeUtc] = "2026-01-01T00:00:00Z",
            [EventField.MessageSchema] = "schema",
            [EventField.InterfaceId] = "urn:x",
            [EventField.Subject] = "thermostat",
            [EventField.ConnectionDeviceId] = "d1",
            [EventField.ConnectionAuthMethod] = """{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}""",
            [EventField.MessageSource] = "Telemetry",
        };
        Assert.True(stored.Fields.Remove(EventField.ConnectionAuthGenerationId));
        Assert.Equal(expected.OrderBy(each => each.Key), stored.Fields.OrderBy(each => each.Key));
    }

    [Theory]
    [InlineData("/devices/d1/messages/events?api-version=2016-11-14")]
    [InlineData("/devices/d1/messages/events")]
    [InlineData("/devices/d1/messages/events/?api-version=2021-04-12")]
    [InlineData("/Devices/d1/Messages/Events")]
    [InlineData("/devices/%64%31/messages/events")]
    public async Task Paths_are_read_as_clients_write_them(string path)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.AskAsync("POST", path, await host.TokenOfNewAsync("d1"), [])).ExpectDone();

        Assert.Equal("", new Stored(host.Log.Stored[0]).Text);
    }

    [Theory]
    [InlineData("PUT", "/devices/d1/messages/events")]
    [InlineData("POST", "/devices/d1/modules/m/messages/events")]
    [InlineData("POST", "/devices/d1/messages")]
    [InlineData("POST", "/devices//messages/events/x")]
    [InlineData("POST", "/twins/d1/messages/events")]
    [InlineData("GET", "/devices/d1")]
    public async Task What_is_no_operation_of_devices_goes_on_to_the_service_plane(string method, string path)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        Assert.Equal(418, (await door.AskAsync(method, path, null)).Code);
    }

    [Fact]
    public async Task A_message_is_acknowledged_once_it_is_durable_and_not_before()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        var sending = door.SendAsync(await host.TokenOfNewAsync("d1"));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(sending.IsCompleted);
        host.Log.Commit();

        (await sending).ExpectDone();
    }

    [Fact]
    public async Task A_message_that_cannot_be_stored_is_an_error_of_the_servers()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        var sending = door.SendAsync(await host.TokenOfNewAsync("d1"));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        host.Log.Fail(new IOException("disk full"));

        var answer = await sending;
        answer.ExpectError(500, "ServerError");
        Assert.DoesNotContain("disk", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_waits_for_room_in_the_log()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.Room = 1;
        await using var door = await HttpDoor.OpenAsync(host);
        await using var other = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");

        var first = door.SendAsync(token, "1");
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        var second = other.SendAsync(token, "2");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        host.Log.Commit();
        (await first).ExpectDone();
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        host.Log.Commit();

        (await second).ExpectDone();
        Assert.Equal(["1", "2"], host.Log.Stored.Select(record => new Stored(record).Text));
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(101, true)]
    public async Task A_message_at_the_limit_is_taken_and_one_byte_more_is_not(int size, bool isChunked)
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { MaxMessageBytes = 100 });
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.AskAsync("POST", HttpDoor.Events, await host.TokenOfNewAsync("d1"), new byte[size], isChunked: isChunked);

        if (size == 100)
        {
            answer.ExpectDone();
        }
        else
        {
            answer.ExpectError(413, "MessageTooLarge");
            Assert.Equal(RefusalReason.ProtocolViolation, Assert.Single(host.Refusals).Reason);
        }

        Assert.Equal(size == 100 ? 1 : 0, host.Log.Stored.Count);
    }

    [Fact]
    public async Task The_largest_message_of_the_service_goes_through()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");

        (await door.AskAsync("POST", HttpDoor.Events, token, new byte[262_144])).ExpectDone();
        (await door.AskAsync("POST", HttpDoor.Events, token, new byte[262_144], isChunked: true)).ExpectDone();
        (await door.AskAsync("POST", HttpDoor.Events, token, new byte[262_145])).ExpectError(413, "MessageTooLarge");

        Assert.All(host.Log.Stored, record => Assert.Equal(262_144, new Stored(record).Body.Length));
        Assert.Equal(2, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_compressed_request_is_refused_rather_than_stored_as_it_is()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.SendAsync(await host.TokenOfNewAsync("d1"), "x", ("Content-Encoding", "gzip"));

        answer.ExpectError(415, "GenericUnsupportedMediaType");
    }

    [Fact]
    public async Task A_device_above_its_rate_is_held_back_first_and_refused_when_that_takes_too_long()
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { DeviceMessagesPerSecond = 2 }, throttling: new ThrottleOptions { Hold = TimeSpan.FromSeconds(0.6) });
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        (await door.SendAsync(token)).ExpectDone();
        (await door.SendAsync(token)).ExpectDone();

        var held = door.SendAsync(token);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(held.IsCompleted);
        host.Time.Advance(TimeSpan.FromSeconds(0.5));
        (await held).ExpectDone();
        (await door.SendBatchAsync(token, """[{"body":""},{"body":""}]""")).ExpectError(429, "ThrottlingException");

        Assert.Equal(3, host.Log.Stored.Count);
        Assert.Equal(RefusalReason.Throttled, Assert.Single(host.Refusals).Reason);
    }
}
