using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>Messages to devices from AMQP back ends: where they go, what becomes of their parts, and what is refused how.</summary>
public sealed class DeviceBoundSenderTests : IAsyncLifetime
{
    private readonly EventEndpoint endpoint = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => endpoint.InitializeAsync();

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    [Theory]
    [InlineData("/messages/devicebound")]
    [InlineData("messages/deviceBound/")]
    [InlineData("amqps://localhost:5671/messages/deviceBound")]
    public async Task A_message_goes_to_the_device_that_it_names_with_all_its_parts(string address)
    {
        var generation = await RegisterAsync("d1");
        var expiry = new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var message = Message("/devices/d1/messages/devicebound");
        message.Properties.SetMessageId(Guid.Parse("11111111-2222-4333-8444-555555555555"));
        message.Properties.SetCorrelationId("c1");
        message.Properties.UserId = "user"u8.ToArray();
        message.Properties.ContentType = "application/json";
        message.Properties.ContentEncoding = "utf-8";
        message.Properties.AbsoluteExpiryTime = expiry;
        message.ApplicationProperties = new ApplicationProperties
        {
            ["iothub-ack"] = "full", ["iothub-message-schema"] = "s1", ["iothub-creation-time-utc"] = "2026-01-01", ["text"] = "ü", ["number"] = 42, ["nothing"] = null,
        };

        Assert.Null(await SendAsync(address, message));

        var taken = (await TakeAsync("d1", generation))!.Message;
        Assert.Equal(
            ("11111111-2222-4333-8444-555555555555", "c1", "user", "application/json", "utf-8", "s1", "2026-01-01", Acknowledgement.Full),
            (taken.MessageId, taken.CorrelationId, taken.UserId, taken.ContentType, taken.ContentEncoding, taken.MessageSchema, taken.CreationTimeUtc, taken.Acknowledgement));
        Assert.Equal(new DateTimeOffset(expiry), taken.ExpiresAt);
        Assert.Equal([new("nothing", null), new("number", "42"), new("text", "ü")], taken.Properties.OrderBy(each => each.Key, StringComparer.Ordinal));
        Assert.Equal("hello", Encoding.UTF8.GetString(taken.Body.Span));
    }

    [Theory]
    [InlineData("/devices/nobody/messages/devicebound", "amqp:not-found")]
    [InlineData("/devices/d1/modules/m1/messages/deviceBound", "amqp:not-allowed")]
    [InlineData("/devices/d1", "com.microsoft:argument-error")]
    [InlineData(null, "com.microsoft:argument-error")]
    public async Task A_message_without_a_good_address_is_rejected_and_the_link_stays(string? to, string condition)
    {
        await RegisterAsync("d1");

        var connection = await endpoint.ConnectAsync();
        var sender = new SenderLink(new Session(connection), "s", "/messages/devicebound");
        Assert.Equal(condition, (await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(Message(to)))).Error.Condition);
        await sender.SendAsync(Message("/devices/d1/messages/devicebound"));
        await connection.CloseAsync();
    }

    [Fact]
    public async Task What_breaks_a_rule_is_rejected_in_the_services_words()
    {
        await RegisterAsync("d1");
        var wrongAck = Message("/devices/d1/messages/devicebound");
        wrongAck.ApplicationProperties = new ApplicationProperties { ["iothub-ack"] = "perhaps" };
        var wrongName = Message("/devices/d1/messages/devicebound");
        wrongName.ApplicationProperties = new ApplicationProperties { ["two words"] = "x" };
        var wrongBody = Message("/devices/d1/messages/devicebound");
        wrongBody.BodySection = new AmqpValue { Value = new List { 1 } };
        var large = Message("/devices/d1/messages/devicebound");
        large.BodySection = new Data { Binary = new byte[65_537] };

        Assert.Equal("com.microsoft:argument-error", await SendAsync("/messages/devicebound", wrongAck));
        Assert.Equal("com.microsoft:argument-error", await SendAsync("/messages/devicebound", wrongName));
        Assert.Equal("com.microsoft:argument-error", await SendAsync("/messages/devicebound", wrongBody));
        Assert.Equal("amqp:link:message-size-exceeded", await SendAsync("/messages/devicebound", large));
        for (var i = 0; i < 50; i++)
        {
            Assert.Null(await SendAsync("/messages/devicebound", Message("/devices/d1/messages/devicebound")));
        }

        Assert.Equal("amqp:resource-limit-exceeded", await SendAsync("/messages/devicebound", Message("/devices/d1/messages/devicebound")));
    }

    [Fact]
    public async Task An_id_is_read_decoded_and_if_there_is_no_such_device_as_it_stands()
    {
        var decoded = await RegisterAsync("a#b");
        var raw = await RegisterAsync("x%41");

        Assert.Null(await SendAsync("/messages/devicebound", Message("/devices/a%23b/messages/devicebound")));
        Assert.Null(await SendAsync("/messages/devicebound", Message("/devices/x%41/messages/devicebound")));

        Assert.NotNull(await TakeAsync("a#b", decoded));
        Assert.NotNull(await TakeAsync("x%41", raw));
    }

    [Fact]
    public async Task An_address_that_can_mean_two_devices_reaches_neither()
    {
        var written = await RegisterAsync("y%41");
        var decoded = await RegisterAsync("yA");

        Assert.Equal("com.microsoft:argument-error", await SendAsync("/messages/devicebound", Message("/devices/y%41/messages/devicebound")));

        Assert.Null(await TakeAsync("y%41", written));
        Assert.Null(await TakeAsync("yA", decoded));
        Assert.Null(await SendAsync("/messages/devicebound", Message("/devices/y%2541/messages/devicebound")));
        Assert.NotNull(await TakeAsync("y%41", written));
    }

    [Fact]
    public async Task Messages_that_are_sent_at_once_keep_their_order()
    {
        var generation = await RegisterAsync("d1");
        var connection = await endpoint.ConnectAsync();
        var sender = new SenderLink(new Session(connection), "s", "/messages/devicebound");

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => sender.SendAsync(Message("/devices/d1/messages/devicebound", $"{i}"))));

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"{i}", Encoding.UTF8.GetString((await TakeAsync("d1", generation))!.Message.Body.Span));
        }

        await connection.CloseAsync();
    }

    [Fact]
    public async Task Only_ServiceConnect_sends()
    {
        endpoint.Proofs.Rights = Rights.RegistryRead | Rights.RegistryWrite | Rights.DeviceConnect;

        Assert.Equal("amqp:unauthorized-access", await SendAsync("/messages/devicebound", Message("/devices/d1/messages/devicebound")));
    }

    private static Message Message(string? to, string body = "hello") => new() { Properties = new Properties { To = to }, BodySection = new Data { Binary = Encoding.UTF8.GetBytes(body) } };

    private async Task<string> RegisterAsync(string device)
    {
        var made = await endpoint.Get<IdentityRegistry>().PutAsync(EventEndpoint.Entity, "policy:iothubowner", new IdentityInput { Key = new IdentityKey(DeviceId.Parse(device)) }, IfMatch.Absent, Token);
        return made.Value.GenerationId;
    }

    private Task<LockedMessage?> TakeAsync(string device, string generation) =>
        endpoint.Get<CloudToDeviceMessages>().ReceiveAsync(new DeviceQueue(EventEndpoint.Entity, DeviceId.Parse(device), generation), null, Token);

    /// <summary>The condition of the refusal; null when the message was accepted.</summary>
    private async Task<string?> SendAsync(string address, Message message)
    {
        var connection = await endpoint.ConnectAsync();
        var session = new Session(connection);
        var sender = new SenderLink(session, $"{Guid.NewGuid():N}", address);
        try
        {
            await sender.SendAsync(message, TimeSpan.FromSeconds(20));
            return null;
        }
        catch (AmqpException refused)
        {
            return refused.Error.Condition;
        }
        finally
        {
            await connection.CloseAsync();
        }
    }
}
