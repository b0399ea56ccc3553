using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>Messages to devices over AMQP links: what SDKs read of them, how they are settled, and who gets them.</summary>
public sealed class DeviceBoundLinkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_has_the_tag_and_the_annotation_types_that_the_SDKs_cast()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", new CloudMessage
        {
            MessageId = "m1", UserId = "u1", ContentType = "text/plain", Acknowledgement = Acknowledgement.Full, Properties = [new("a", "b"), new("n", null)], Body = "hi"u8.ToArray(),
        });

        await device.GiveCreditAsync(2, 5);
        var (transfer, message) = await device.ExpectMessageAsync();

        var annotations = new Dictionary<string, byte>();
        Guid token = default;
        var (text, to) = ("", "");
        var application = new List<string>();
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            switch (sections.Section)
            {
                case Descriptors.MessageAnnotations:
                    for (var pairs = new MapReader(sections.Value); pairs.Read();)
                    {
                        annotations[Encoding.UTF8.GetString(pairs.Key)] = pairs.Value[0];
                        token = pairs.Key.SequenceEqual("x-opt-lock-token"u8) && pairs.TryGetString(out var lockToken) ? Guid.Parse(lockToken) : token;
                    }

                    break;
                case Descriptors.Properties:
                    Assert.True(PropertiesReader.TryRead(sections.Value, out var properties, out _));
                    to = Encoding.UTF8.GetString(properties.To);
                    Assert.Equal("u1", Encoding.UTF8.GetString(properties.UserId));
                    break;
                case Descriptors.ApplicationProperties:
                    for (var pairs = new MapReader(sections.Value); pairs.Read();)
                    {
                        application.Add($"{Encoding.UTF8.GetString(pairs.Key)}={(pairs.TryGetString(out var value) ? Encoding.UTF8.GetString(value) : null)}");
                    }

                    break;
                case Descriptors.Data:
                    Assert.True(MessageBody.TryReadData(sections.Value, out var data));
                    text = Encoding.UTF8.GetString(data);
                    break;
            }
        }

        Assert.Equal(token, new Guid(transfer.Tag));
        Assert.Equal(0x83, annotations["iothub-enqueuedtime"]); // timestamp
        Assert.Equal(0x50, annotations["iothub-deliverycount"]); // ubyte
        Assert.Contains(annotations["x-opt-sequence-number"], new byte[] { 0x80, 0x53, 0x44 }); // ulong
        Assert.Equal(("hi", "/devices/d1/messages/deviceBound"), (text, to));
        Assert.Equal(["a=b", "n=", "iothub-ack=full"], application);
    }

    [Theory]
    [InlineData(Outcome.Accepted, 0, -1)]
    [InlineData(Outcome.Rejected, 0, -1)]
    [InlineData(Outcome.Released, 1, 1)]
    [InlineData(Outcome.Modified, 1, 1)]
    public async Task What_the_device_says_is_what_becomes_of_the_message(Outcome outcome, int left, int deliveryCount)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", "x");
        await device.GiveCreditAsync(2, 1);
        var (transfer, _) = await device.ExpectMessageAsync();

        await device.SettleAsync(transfer.DeliveryId!.Value, outcome);

        await Eventually.TrueAsync(async () => await CountAsync(host, "d1") == left);
        if (deliveryCount > 0)
        {
            await Eventually.TrueAsync(async () => await host.Get<CloudToDeviceMessages>().ReceiveAsync(await QueueOfAsync(host, "d1"), null, Token) is { } again && again.DeliveryCount == deliveryCount);
        }
    }

    [Fact]
    public async Task What_a_device_completes_just_before_it_leaves_stays_completed()
    {
        await using var host = await GatewayHost.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await using (var device = await ConnectAsync(host, $"d{i}"))
            {
                await SendAsync(host, $"d{i}", "x");
                await device.GiveCreditAsync(2, 1);
                var (transfer, _) = await device.ExpectMessageAsync();
                await device.SettleAsync(transfer.DeliveryId!.Value, Outcome.Accepted);
            }

            await Eventually.TrueAsync(async () => await CountAsync(host, $"d{i}") == 0);
        }
    }

    [Fact]
    public async Task What_a_device_acknowledged_does_not_come_again_on_its_next_connection()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        await using var first = await ConnectAsync(host, "d1", key);
        await first.GiveCreditAsync(2, 5);
        var ids = new List<uint>();
        for (var i = 0; i < 5; i++)
        {
            await SendAsync(host, "d1", $"{i}");
            ids.Add((await first.ExpectMessageAsync()).Transfer.DeliveryId!.Value);
        }

        // The store is busy while the device acknowledges and connects again.
        var busy = new TaskCompletionSource();
        var writing = host.Get<Database>().WriteAsync<bool>(
            async (_, _) =>
            {
                await busy.Task;
                return true;
            },
            Token);
        foreach (var id in ids)
        {
            await first.SettleAsync(id, Outcome.Accepted);
        }

        // What came before it has been read once it is answered.
        Assert.Null(await first.AttachAsync(3, "/devices/d1/messages/events"));
        await using var second = await ConnectAsync(host, "d1", key);
        await second.GiveCreditAsync(2, 5);
        await Task.Delay(100, Token);
        busy.SetResult();
        Assert.True((await writing).IsOk);

        await SendAsync(host, "d1", "next");
        Assert.Contains("next", Encoding.UTF8.GetString((await second.ExpectMessageAsync()).Message), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Outcome.Accepted)]
    [InlineData(Outcome.Released)]
    [InlineData(Outcome.Rejected)]
    public async Task A_device_that_settles_second_is_answered_accepted(Outcome outcome)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", "x");
        await device.GiveCreditAsync(2, 1);
        var (transfer, _) = await device.ExpectMessageAsync();

        await device.SettleAsync(transfer.DeliveryId!.Value, outcome, isSettled: false);

        var answer = await device.ExpectSettledBySenderAsync();
        Assert.Equal((transfer.DeliveryId, Outcome.Accepted), (answer.First, answer.State));
    }

    [Fact]
    public async Task A_lock_that_was_lost_is_told_to_a_device_that_settles_second()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", "x");
        await device.GiveCreditAsync(2, 1);
        var (transfer, _) = await device.ExpectMessageAsync();
        host.Time.Advance(TimeSpan.FromSeconds(61));

        await device.SettleAsync(transfer.DeliveryId!.Value, Outcome.Accepted, isSettled: false);

        var answer = await device.ExpectSettledBySenderAsync();
        Assert.Equal((Outcome.Rejected, AmqpConditions.MessageLockLost), (answer.State, answer.Error!.Condition));
        Assert.Equal(1, await CountAsync(host, "d1"));
    }

    [Fact]
    public async Task No_more_comes_than_there_is_credit_for_and_a_drain_is_answered()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", "1");
        await SendAsync(host, "d1", "2");
        await SendAsync(host, "d1", "3");

        await device.GiveCreditAsync(2, 2);
        await device.ExpectMessageAsync();
        await device.ExpectMessageAsync();
        await device.ExpectNothingAsync();
        await device.GiveCreditAsync(2, 10, delivered: 2, drain: true);
        await device.ExpectMessageAsync();
        Assert.True(Flow.TryRead(await device.ExpectAsync(Descriptors.Flow), out var flow, out _));
        Assert.Equal((true, 0u, 12u), (flow.Drain, flow.LinkCredit, flow.DeliveryCount));
    }

    [Fact]
    public async Task What_a_link_held_goes_to_the_next_and_a_newer_link_takes_over()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var first = await ConnectAsync(host, "d1");
        await SendAsync(host, "d1", "x");
        await first.GiveCreditAsync(2, 5);
        await first.ExpectMessageAsync();

        var key = (await host.Get<IdentityRegistry>().GetAsync(host.Hub, new IdentityKey(DeviceId.Parse("d1")), Token)).Value.PrimaryKey!;
        await using var second = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await second.PutTokenAsync("d1", key));
        Assert.Null(await second.AttachAsync(2, "/devices/d1/messages/devicebound", isReceiver: true));
        await second.GiveCreditAsync(2, 5);

        Assert.Equal(AmqpConditions.LinkStolen, (await first.ExpectDetachAsync()).Error!.Condition);
        var (_, message) = await second.ExpectMessageAsync();
        Assert.Contains("x", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Devices_of_one_connection_get_their_own_and_a_disabled_one_loses_its_link_alone()
    {
        await using var host = await GatewayHost.StartAsync();
        await host.RegisterAsync("d1");
        await host.RegisterAsync("d2");
        var policy = (await host.Get<SharedAccessPolicies>().FindAsync(host.Hub, "device", Token)).Value;
        await using var pool = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await pool.PutAsync("localhost", Encoding.ASCII.GetString(host.TokenOf("localhost", policy.PrimaryKey, "device"))));
        Assert.Null(await pool.AttachAsync(2, "/devices/d1/messages/devicebound", isReceiver: true));
        Assert.Null(await pool.AttachAsync(3, "/devices/d2/messages/devicebound", isReceiver: true));
        await pool.GiveCreditAsync(2, 5);
        await pool.GiveCreditAsync(3, 5);

        await SendAsync(host, "d2", "two");
        var (transfer, message) = await pool.ExpectMessageAsync();
        Assert.Equal(3u, transfer.Handle);
        Assert.Contains("two", Encoding.UTF8.GetString(message), StringComparison.Ordinal);

        await host.RegisterAsync("d1", "disabled", IfMatch.Any);
        var detach = await pool.ExpectDetachAsync();
        Assert.Equal((2u, AmqpConditions.UnauthorizedAccess), (detach.Handle, detach.Error!.Condition));
        await SendAsync(host, "d2", "again");
        Assert.Equal(3u, (await pool.ExpectMessageAsync()).Transfer.Handle);
    }

    [Fact]
    public async Task Another_devices_link_is_refused_and_a_module_gets_a_link_on_which_nothing_comes()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await ConnectAsync(host, "d1");
        await host.RegisterAsync("d2");

        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(3, "/devices/d2/messages/devicebound", isReceiver: true))!.Condition);

        var module = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("d1"), ModuleId.Parse("m1")) };
        var made = (await host.Get<IdentityRegistry>().PutAsync(host.Hub, "policy:iothubowner", module, IfMatch.Absent, Token)).Value;
        Assert.Equal(200, await device.PutAsync("localhost/devices/d1/modules/m1", Encoding.ASCII.GetString(host.TokenOf("localhost/devices/d1/modules/m1", made.PrimaryKey!))));
        Assert.Null(await device.AttachAsync(4, "/devices/d1/modules/m1/messages/events", isReceiver: true));
        Assert.Null(await device.AttachAsync(5, "/devices/d1/modules/m1/messages/deviceBound", isReceiver: true));
        await SendAsync(host, "d1", "x");
        await device.GiveCreditAsync(4, 5);
        await device.GiveCreditAsync(5, 5);
        await device.ExpectNothingAsync();
    }

    private static async Task<AmqpDevice> ConnectAsync(GatewayHost host, string id) => await ConnectAsync(host, id, await host.RegisterAsync(id));

    private static async Task<AmqpDevice> ConnectAsync(GatewayHost host, string id, string key)
    {
        var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync(id, key));
        Assert.Null(await device.AttachAsync(2, $"/devices/{id}/messages/devicebound", isReceiver: true));
        return device;
    }

    private static Task SendAsync(GatewayHost host, string device, string body) => SendAsync(host, device, new CloudMessage { Body = Encoding.UTF8.GetBytes(body) });

    private static async Task SendAsync(GatewayHost host, string device, CloudMessage message) =>
        Assert.True((await host.Get<CloudToDeviceMessages>().SendAsync(host.Hub, DeviceId.Parse(device), message, Token)).IsOk);

    private static async Task<int> CountAsync(GatewayHost host, string device) => (await host.Get<CloudToDeviceMessages>().CountAsync(host.Hub, DeviceId.Parse(device), Token)).Value;

    private static async Task<DeviceQueue> QueueOfAsync(GatewayHost host, string device) =>
        new(host.Hub, DeviceId.Parse(device), (await host.Get<IdentityRegistry>().GetAsync(host.Hub, new IdentityKey(DeviceId.Parse(device)), Token)).Value.GenerationId);
}
