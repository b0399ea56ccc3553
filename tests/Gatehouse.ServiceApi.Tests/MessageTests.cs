using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Messages to devices and their feedback over REST.</summary>
public sealed class MessageTests : IAsyncLifetime
{
    private const string Version = "?api-version=2021-04-12";
    private static readonly HubName Hub = HubName.Parse("gatehouse");

    private readonly RunningApi api = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_message_arrives_with_its_properties_and_counts_in_the_device_until_it_is_settled()
    {
        await RegisterAsync("d1");

        var sent = await api.AskAsOwnerAsync("POST", $"/devices/d1/messages/devicebound{Version}", "hello", change: request =>
        {
            foreach (var (name, value) in new[]
            {
                ("iothub-messageid", "m1"), ("iothub-correlationid", "c1"), ("iothub-userid", "u1"), ("iothub-ack", "Full"), ("iothub-contenttype", "text/plain"),
                ("iothub-contentencoding", "utf-8"), ("iothub-app-Color", "blue"), ("iothub-expiry", api.Time.GetUtcNow().AddMinutes(5).ToString("o")),
            })
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        });
        Assert.Equal((204, ""), (sent.Code, sent.Body));

        Assert.Equal(1, await CountAsync("d1"));
        await using var mailbox = await OpenAsync("d1");
        var message = (await mailbox.TakeAsync(Token))!;
        Assert.Equal(("m1", "c1", "u1", Acknowledgement.Full, "text/plain", "utf-8"), (message.Message.MessageId, message.Message.CorrelationId, message.Message.UserId, message.Message.Acknowledgement, message.Message.ContentType, message.Message.ContentEncoding));
        Assert.Equal([new("Color", "blue")], message.Message.Properties);
        Assert.Equal(api.Time.GetUtcNow().AddMinutes(5), message.Message.ExpiresAt);
        Assert.Equal("hello", Encoding.UTF8.GetString(message.Message.Body.Span));
        Assert.Equal(1, await CountAsync("d1"));
        await mailbox.CompleteAsync(message.LockToken, Token);
        Assert.Equal(0, await CountAsync("d1"));
    }

    [Theory]
    [InlineData("iothub-ack", "maybe")]
    [InlineData("iothub-expiry", "soon")]
    [InlineData("iothub-messageid", "two words")]
    public async Task A_property_that_makes_no_sense_is_refused(string name, string value)
    {
        await RegisterAsync("d1");

        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/devices/d1/messages/deviceBound{Version}", "x", change: request => request.Headers.TryAddWithoutValidation(name, value)), 400, "ArgumentInvalid");
        Assert.Equal(0, await CountAsync("d1"));
    }

    [Theory]
    [InlineData(65_536, 204)]
    [InlineData(65_537, 413)]
    [InlineData(200_000, 413)]
    public async Task A_body_may_have_64_KiB(int bytes, int status)
    {
        await RegisterAsync("d1");

        var answer = await api.AskAsOwnerAsync("POST", $"/devices/d1/messages/deviceBound{Version}", new string('x', bytes));

        Assert.Equal(status, answer.Code);
        Assert.Equal(status == 204 ? null : "MessageTooLarge", answer.Header("iothub-errorcode"));
    }

    [Fact]
    public async Task A_length_that_is_only_claimed_costs_no_memory()
    {
        await RegisterAsync("d1");
        var token = await api.TokenOfAsync("iothubowner");
        using var client = new TcpClient();
        await client.ConnectAsync(api.Address.Host, api.Address.Port, Token);
        var before = GC.GetTotalAllocatedBytes();

        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST /devices/d1/messages/deviceBound{Version} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Length: 2000000000\r\n\r\n"), Token);

        using var answer = new StreamReader(client.GetStream());
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await answer.ReadLineAsync(Token));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100_000_000);
    }

    [Fact]
    public async Task The_51st_message_is_refused_with_the_code_that_SDKs_know()
    {
        await RegisterAsync("d1");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(204, (await SendAsync("d1")).Code);
        }

        ErrorShape.Check(await SendAsync("d1"), 403, "DeviceMaximumQueueDepthExceeded");
    }

    [Fact]
    public async Task An_id_that_was_encoded_twice_is_found_as_Explorer_writes_it()
    {
        await RegisterAsync("a#b");

        Assert.Equal(204, (await SendAsync(Uri.EscapeDataString(Uri.EscapeDataString("a#b")))).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("POST", $"/devices%2Fa%2523b%2Fmessages%2FdeviceBound{Version}", "x")).Code);
        Assert.Equal(2, await CountAsync("a#b"));
    }

    [Fact]
    public async Task Purging_tells_how_many_there_were()
    {
        await RegisterAsync("d1");
        await SendAsync("d1");
        await SendAsync("d1");

        var purged = await api.AskAsOwnerAsync("DELETE", $"/devices/d1/commands{Version}");

        Assert.Equal((200, """{"deviceId":"d1","moduleId":null,"totalMessagesPurged":2}"""), (purged.Code, purged.Body));
        Assert.Equal(0, await CountAsync("d1"));
    }

    [Fact]
    public async Task Feedback_is_received_abandoned_received_again_and_completed()
    {
        await RegisterAsync("d1");
        await api.AskAsOwnerAsync("POST", $"/devices/d1/messages/deviceBound{Version}", "x", change: request =>
        {
            request.Headers.TryAddWithoutValidation("iothub-ack", "full");
            request.Headers.TryAddWithoutValidation("iothub-messageid", "m1");
        });
        await api.AskAsOwnerAsync("DELETE", $"/devices/d1/commands{Version}");
        api.Time.Advance(TimeSpan.FromSeconds(15));

        var first = await PollAsync();
        using var json = JsonDocument.Parse(first.Body);
        Assert.Equal(("m1", "Purged", "d1"), (json.RootElement[0].GetProperty("originalMessageId").GetString(), json.RootElement[0].GetProperty("statusCode").GetString(), json.RootElement[0].GetProperty("deviceId").GetString()));
        Assert.Equal("application/json; charset=utf-8", first.Header("Content-Type"));
        Assert.Equal(204, (await api.AskAsOwnerAsync("GET", $"/messages/servicebound/feedback{Version}")).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("POST", $"/messages/serviceBound/feedback/{TokenOf(first)}/abandon{Version}")).Code);
        var second = await PollAsync();
        Assert.Equal(first.Body, second.Body);
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"/messages/serviceBound/feedback/{TokenOf(first)}{Version}"), 412, "DeviceMessageLockLost");
        Assert.Equal(204, (await api.AskAsOwnerAsync("DELETE", $"/messages/serviceBound/feedback/{TokenOf(second)}{Version}")).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("GET", $"/messages/serviceBound/feedback{Version}")).Code);
    }

    private Task<RunningApi.Answer> SendAsync(string device) => api.AskAsOwnerAsync("POST", $"/devices/{device}/messages/deviceBound{Version}", "x");

    private async Task RegisterAsync(string device)
    {
        var made = await api.AskAsOwnerAsync("PUT", $"/devices/{Uri.EscapeDataString(device)}{Version}", $$"""{"deviceId":"{{device}}"}""");
        Assert.Equal(200, made.Code);
    }

    private async Task<int> CountAsync(string device)
    {
        using var json = JsonDocument.Parse((await api.AskAsOwnerAsync("GET", $"/devices/{Uri.EscapeDataString(device)}{Version}")).Body);
        return json.RootElement.GetProperty("cloudToDeviceMessageCount").GetInt32();
    }

    private async Task<DeviceMailbox> OpenAsync(string device)
    {
        using var json = JsonDocument.Parse((await api.AskAsOwnerAsync("GET", $"/devices/{device}{Version}")).Body);
        return api.Services.GetRequiredService<CloudToDeviceMessages>().Open(Hub, DeviceId.Parse(device), json.RootElement.GetProperty("generationId").GetString()!, static () => { });
    }

    // The hub looks after its queues every second of the test's clock, on a thread of its own.
    private async Task<RunningApi.Answer> PollAsync()
    {
        for (var i = 0; i < 200; i++)
        {
            if (await api.AskAsOwnerAsync("GET", $"/messages/serviceBound/feedback{Version}") is { Code: 200 } answer)
            {
                return answer;
            }

            api.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(25, Token);
        }

        throw new TimeoutException("No feedback came.");
    }

    private static string TokenOf(RunningApi.Answer answer)
    {
        Assert.Matches("^\"[0-9a-f-]{36}\"$", answer.Header("ETag"));
        return answer.Header("ETag")![1..^1];
    }
}
