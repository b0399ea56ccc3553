using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>Messages to a device over HTTPS: the headers as the C and C# clients read them, with their case, and what settles a message.</summary>
public sealed class HttpReceiveTests
{
    private const string Inbox = "/devices/d1/messages/devicebound";

    private static readonly DeviceId Device = DeviceId.Parse("d1");

    [Fact]
    public async Task A_message_comes_with_everything_its_sender_said()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var expiry = host.Time.GetUtcNow().AddMinutes(5);
        await SendAsync(host, new CloudMessage
        {
            MessageId = "m1", CorrelationId = "c1", UserId = "u1", ContentType = "application/json", ContentEncoding = "utf-8",
            ExpiresAt = expiry, Acknowledgement = Acknowledgement.Full, Properties = [new("Key", "ü\r\nX: y"), new("none", null)], Body = "{}"u8.ToArray(),
        });

        var answer = await door.AskAsync("GET", Inbox + "?api-version=2021-04-12", token);

        Assert.Equal((200, "{}"), (answer.Code, answer.Text));
        Assert.Matches("^\"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\"$", answer.Header("ETag"));
        var expected = new Dictionary<string, string?>
        {
            ["iothub-messageid"] = "m1", ["iothub-correlationid"] = "c1", ["iothub-userid"] = "u1", ["iothub-to"] = "/devices/d1/messages/devicebound",
            ["iothub-sequencenumber"] = "1", ["iothub-deliverycount"] = "0", ["iothub-ack"] = "full", ["ContentType"] = "application/json", ["ContentEncoding"] = "utf-8",
            ["iothub-contenttype"] = "application/json", ["iothub-contentencoding"] = "utf-8", ["iothub-app-Key"] = "ü  X: y", ["iothub-app-none"] = "",
        };
        Assert.Equal(expected, expected.Keys.ToDictionary(name => name, answer.Header));
        Assert.EndsWith("Z", answer.Header("iothub-enqueuedtime"), StringComparison.Ordinal);
        Assert.StartsWith(expiry.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss."), answer.Header("iothub-expiry"), StringComparison.Ordinal);
        Assert.DoesNotContain("X", answer.Headers.Keys);
    }

    [Fact]
    public async Task Nothing_waiting_is_an_empty_answer()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.AskAsync("GET", Inbox, await host.TokenOfNewAsync("d1"))).ExpectDone();
    }

    [Theory]
    [InlineData("DELETE", "", 0)]
    [InlineData("DELETE", "?api-version=2021-04-12&reject", 0)]
    [InlineData("POST", "/abandon", 1)]
    public async Task A_message_is_settled_once_by_its_token(string method, string rest, int left)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        await SendAsync(host, new CloudMessage { Body = "x"u8.ToArray() });
        var path = $"{Inbox}/{(await door.AskAsync("GET", Inbox, token)).Header("ETag")!.Trim('"')}{rest}";

        (await door.AskAsync(method, path, token, headers: ("If-Match", "anything"))).ExpectDone();

        (await door.AskAsync(method, path, token)).ExpectError(412, "DeviceMessageLockLost");
        Assert.Equal(left, (await host.Get<CloudToDeviceMessages>().CountAsync(host.Hub, Device, TestContext.Current.CancellationToken)).Value);
        if (left == 1)
        {
            Assert.Equal("1", (await door.AskAsync("GET", Inbox, token)).Header("iothub-deliverycount"));
        }
    }

    [Theory]
    [InlineData("DELETE", "/none")]
    [InlineData("POST", "/none/abandon")]
    public async Task A_token_that_is_none_holds_nothing(string method, string rest)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.AskAsync(method, Inbox + rest, await host.TokenOfNewAsync("d1"))).ExpectError(412, "DeviceMessageLockLost");
    }

    [Fact]
    public async Task Another_device_neither_reads_nor_settles()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var other = await host.TokenOfNewAsync("d2");
        await SendAsync(host, new CloudMessage { Body = "x"u8.ToArray() });
        var held = (await door.AskAsync("GET", Inbox, token)).Header("ETag")!.Trim('"');

        (await door.AskAsync("GET", Inbox, other)).ExpectError(401, "IotHubUnauthorized");
        (await door.AskAsync("GET", "/devices/d2/messages/devicebound", other)).ExpectDone();
        (await door.AskAsync("DELETE", $"/devices/d2/messages/devicebound/{held}", other)).ExpectError(412, "DeviceMessageLockLost");
        (await door.AskAsync("DELETE", $"{Inbox}/{held}", token)).ExpectDone();
    }

    [Theory]
    [InlineData("300", 300)]
    [InlineData("301", 60)]
    [InlineData("0", 60)]
    [InlineData("x", 60)]
    [InlineData("1", 1)]
    public async Task The_lock_lasts_as_long_as_was_asked_within_bounds(string asked, int seconds)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        await SendAsync(host, new CloudMessage { Body = "x"u8.ToArray() });
        Assert.Equal(200, (await door.AskAsync("GET", $"{Inbox}?iothub-messagelocktimeout={asked}", token)).Code);

        host.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        (await door.AskAsync("GET", Inbox, token)).ExpectDone();
        host.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("x", Encoding.UTF8.GetString((await door.AskAsync("GET", Inbox, token)).Body));
    }

    private static async Task SendAsync(GatewayHost host, CloudMessage message) =>
        Assert.True((await host.Get<CloudToDeviceMessages>().SendAsync(host.Hub, Device, message, TestContext.Current.CancellationToken)).IsOk);
}
