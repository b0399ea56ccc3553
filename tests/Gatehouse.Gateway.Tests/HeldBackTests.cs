using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Throttling;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>What a session still had under way when it ended or another took its place: nothing of it comes later than what the next one does.</summary>
public sealed class HeldBackTests
{
    private const string Events = "devices/d1/messages/events/";
    private const string Reported = "$iothub/twin/PATCH/properties/reported/?$rid=";

    /// <summary>Each waits for most of the time for which it may be held back.</summary>
    private static readonly ThrottleRate SlowRate = new(1, TimeSpan.FromSeconds(9));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reports_that_are_held_back_are_written_in_the_order_in_which_they_came()
    {
        await using var host = await StartAsync(ThrottleClass.TwinWrites);
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SubscribeAsync("$iothub/twin/res/#");
        for (var id = 1; id <= 4; id++)
        {
            await device.SendAsync(DeviceDriver.Publish($"{Reported}{id}", $$"""{"last":{{id}}}""", 0, 0));
        }

        for (var id = 1; id <= 4; id++)
        {
            var answer = device.ReadPublishAsync();
            await AdvanceUntilAsync(host, () => answer.IsCompleted);
            Assert.Equal($"$iothub/twin/res/204/?$rid={id}&$version={id + 1}", (await answer).Topic);
        }

        await device.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=5", "", 0, 0));
        Assert.Equal("""{"desired":{"$version":1},"reported":{"last":4,"$version":5}}""", (await device.ReadPublishAsync()).Body);
    }

    [Fact]
    public async Task Reports_that_wait_for_each_other_are_held_back_no_longer_than_one_may_be()
    {
        await using var host = await StartAsync(ThrottleClass.TwinWrites, SlowRate);
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SubscribeAsync("$iothub/twin/res/#");
        for (var id = 1; id <= 3; id++)
        {
            await device.SendAsync(DeviceDriver.Publish($"{Reported}{id}", $$"""{"last":{{id}}}""", 0, 0));
        }

        foreach (var topic in new[] { "204/?$rid=1&$version=2", "204/?$rid=2&$version=3", "429/?$rid=3" })
        {
            var answer = device.ReadPublishAsync();
            await AdvanceUntilAsync(host, () => answer.IsCompleted);
            Assert.Equal($"$iothub/twin/res/{topic}", (await answer).Topic);
        }
    }

    [Fact]
    public async Task A_client_whose_requests_are_held_back_is_not_taken_for_silent()
    {
        await using var host = await StartAsync(ThrottleClass.TwinWrites, SlowRate);
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        for (var id = 1; id <= 18; id++)
        {
            await device.SendAsync(DeviceDriver.Publish($"{Reported}{id}", "{}", 0, 0));
        }

        await Task.Delay(100, Token);
        var before = device.Connection.Touches;

        // Until the second report is written nothing but the clock moves.
        await AdvanceUntilAsync(host, () => device.Connection.Touches > before, steps: 34);

        await Eventually.TrueAsync(() => device.Connection.Touches > before);
    }

    [Fact]
    public async Task A_report_that_is_held_back_ends_with_its_session()
    {
        await using var host = await StartAsync(ThrottleClass.TwinWrites);
        var key = await host.RegisterAsync("d1");
        var first = await host.ConnectAsync("d1", key);
        await first.SubscribeAsync("$iothub/twin/res/#");
        await first.SendAsync(DeviceDriver.Publish($"{Reported}1", """{"first":1}""", 0, 0));
        await first.SendAsync(DeviceDriver.Publish($"{Reported}2", """{"second":2}""", 0, 0));
        await first.SendAsync(DeviceDriver.Publish($"{Reported}3", """{"third":3}""", 0, 0));
        Assert.Equal("$iothub/twin/res/204/?$rid=1&$version=2", (await first.ReadPublishAsync()).Topic);

        var second = await host.ConnectAsync("d1", key);
        await first.Ended;
        await second.SubscribeAsync("$iothub/twin/res/#");
        await second.SendAsync(DeviceDriver.Publish($"{Reported}4", """{"fourth":4}""", 0, 0));

        var answer = second.ReadPublishAsync();
        await AdvanceUntilAsync(host, () => answer.IsCompleted);
        Assert.Equal("$iothub/twin/res/204/?$rid=4&$version=3", (await answer).Topic);
        host.Time.Advance(TimeSpan.FromSeconds(5));
        await second.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=5", "", 0, 0));
        Assert.Equal("""{"desired":{"$version":1},"reported":{"first":1,"fourth":4,"$version":3}}""", (await second.ReadPublishAsync()).Body);
    }

    [Fact]
    public async Task A_session_that_is_held_back_makes_room_for_the_next_at_once_and_sends_nothing_more()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends);
        host.Log.IsOpen = true;
        var key = await host.RegisterAsync("d1");
        var first = await host.ConnectAsync("d1", key);
        await first.SendAsync([.. DeviceDriver.Publish(Events, "1", 1), .. DeviceDriver.Publish(Events, "2", 2), .. DeviceDriver.Publish(Events, "3", 3)]);
        await first.ExpectAsync(0x40, 2, 0, 1);

        var second = await host.ConnectAsync("d1", key);

        // The clock stands still: what only waits for it would not end.
        await first.Ended;
        await second.SendAsync(DeviceDriver.Publish(Events, "new", 4));
        await AdvanceUntilAsync(host, () => host.Log.Stored.Count == 2);
        host.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["1", "new"], host.Log.Stored.Select(BodyOf));
    }

    [Fact]
    public async Task A_session_that_is_held_back_does_not_hold_up_a_server_that_drains()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends);
        host.Log.IsOpen = true;
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SendAsync([.. DeviceDriver.Publish(Events, "1", 1), .. DeviceDriver.Publish(Events, "2", 2), .. DeviceDriver.Publish(Events, "3", 3)]);
        await device.ExpectAsync(0x40, 2, 0, 1);

        await device.Connection.DrainAsync();

        await device.Ended;
        Assert.Equal(["1"], host.Log.Stored.Select(BodyOf));
    }

    [Fact]
    public async Task A_will_that_cannot_be_stored_is_given_up_in_the_end()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        var device = host.Open();
        byte[] will = [.. DeviceDriver.Text(Events), .. DeviceDriver.Text("gone")];
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), will: will, willFlags: 0x04));
        await device.ExpectAsync(0x20, 2, 0, 0);
        host.Log.Room = 0;

        await device.Connection.ToServer.CompleteAsync();

        var ended = device.Ended;
        await AdvanceUntilAsync(host, () => ended.IsCompleted);
        await ended;
        Assert.Empty(host.Log.Stored);
    }

    [Fact]
    public async Task What_a_device_acknowledged_does_not_come_again_on_its_next_connection()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        var messages = host.Get<CloudToDeviceMessages>();
        var first = await host.ConnectAsync("d1", key);
        await first.SubscribeAsync("devices/d1/messages/devicebound/#", 1);
        var ids = new List<ushort>();
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await messages.SendAsync(host.Hub, DeviceId.Parse("d1"), MessageOf($"{i}"), Token)).IsOk);
            ids.Add((await first.ReadPublishAsync()).PacketId);
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
            await first.AcknowledgeAsync(id);
        }

        await first.SendAsync([0xc0, 0]);
        await first.ExpectAsync(0xd0, 0);
        var second = await host.ConnectAsync("d1", key);
        await second.SubscribeAsync("devices/d1/messages/devicebound/#", 1);
        await Task.Delay(100, Token);
        busy.SetResult();
        Assert.True((await writing).IsOk);
        await first.Ended;

        Assert.True((await messages.SendAsync(host.Hub, DeviceId.Parse("d1"), MessageOf("next"), Token)).IsOk);
        Assert.Equal("next", (await second.ReadPublishAsync()).Body);
    }

    private static CloudMessage MessageOf(string body) => new() { Body = Encoding.UTF8.GetBytes(body) };

    private static string BodyOf(byte[] record) => Encoding.UTF8.GetString(new EventReader(record).Body);

    private static async Task AdvanceUntilAsync(GatewayHost host, Func<bool> isDone, int steps = 1_000)
    {
        for (var i = 0; i < steps && !isDone(); i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(0.25));
            await Task.Delay(20, Token);
        }
    }

    private static Task<GatewayHost> StartAsync(ThrottleClass operations, ThrottleRate? rate = null) => GatewayHost.StartAsync(throttling: new ThrottleOptions
    {
        Limits = new Dictionary<ThrottleClass, ThrottleRate?> { [operations] = rate ?? new ThrottleRate(1, TimeSpan.FromSeconds(1)) },
        Hold = TimeSpan.FromSeconds(10),
    });
}
