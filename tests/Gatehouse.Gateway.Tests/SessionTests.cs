using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>A session from CONNECT to its end, byte by byte in memory.</summary>
public sealed class SessionTests : IAsyncLifetime
{
    private const string Topic = "devices/d1/messages/events/";
    private static readonly byte[] PingRequest = [0xc0, 0];

    private GatewayHost host = null!;
    private string key = "";

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        key = await host.RegisterAsync("d1");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task An_acknowledgement_leaves_after_the_commit_and_not_before()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync([.. DeviceDriver.Publish(Topic, "a", 7), .. DeviceDriver.Publish(Topic, "b", 8), .. PingRequest]);
        await device.ExpectAsync(0xd0, 0);
        Assert.Equal(2, host.Log.PendingCount);
        device.ExpectNothing();

        host.Log.Commit();

        await device.ExpectAsync(0x40, 2, 0, 7, 0x40, 2, 0, 8);
    }

    [Fact]
    public async Task What_could_not_be_stored_is_not_acknowledged_and_ends_the_session()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync([.. DeviceDriver.Publish(Topic, "a", 7), .. PingRequest]);
        await device.ExpectAsync(0xd0, 0);

        host.Log.Fail(new IOException("disk full"));

        await device.ExpectAbortAsync("could not be stored");
        device.ExpectNothing();
    }

    [Fact]
    public async Task A_session_split_at_every_byte_is_the_same_session()
    {
        host.Log.IsOpen = true;
        var device = host.Open();
        byte[] all =
        [
            .. DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)),
            .. DeviceDriver.Publish(Topic + "a=b&%24.mid=1", "body", 7),
            .. DeviceDriver.Subscribe(9, ("devices/d1/messages/devicebound/#", 1)),
            .. PingRequest,
        ];
        foreach (var each in all)
        {
            await device.SendAsync([each]);
            await Task.Yield();
        }

        await device.ExpectAsync(0x20, 2, 0, 0);
        var rest = new List<byte[]>();
        rest.AddRange([[0x40, 2, 0, 7], [0x90, 3, 0, 9, 1], [0xd0, 0]]);
        await device.ExpectAsync([.. rest.SelectMany(packet => packet)]);
        Assert.Equal("body", BodyOf(Assert.Single(host.Log.Stored)));
    }

    [Theory]
    [InlineData(60, 90)]
    [InlineData(1, 1.5)]
    [InlineData(0, 1767)]
    [InlineData(65535, 1767)]
    public async Task Silence_may_last_one_and_a_half_keep_alives_and_never_longer_than_the_services_longest(int keepAlive, double seconds)
    {
        var device = await host.ConnectAsync("d1", key, keepAlive: (ushort)keepAlive);

        Assert.Equal(TimeSpan.FromSeconds(seconds), device.Connection.IdleTimeout);
        var before = device.Connection.Touches;
        await device.SendAsync(PingRequest);
        await device.ExpectAsync(0xd0, 0);
        Assert.True(device.Connection.Touches > before);
    }

    [Fact]
    public async Task A_session_ends_with_its_token_and_the_grace()
    {
        var device = await host.ConnectAsync("d1", key);

        Assert.True(device.Connection.IsAuthenticated);
        Assert.Equal((host.Time.GetUtcNow() + TimeSpan.FromHours(1) + new GatewayOptions().TokenGrace).ToUnixTimeSeconds(), device.Connection.Deadline!.Value.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_newer_connection_of_the_same_identity_ends_the_older_and_the_device_stays_connected()
    {
        var older = await host.ConnectAsync("d1", key);
        var newer = await host.ConnectAsync("d1", key);

        await older.ExpectAbortAsync("newer connection");
        await newer.SendAsync(PingRequest);
        await newer.ExpectAsync(0xd0, 0);
        Assert.True(await IsConnectedAsync());
        await newer.SendAsync([0xe0, 0]);
        await newer.Ended;
        Assert.False(await IsConnectedAsync());
    }

    [Fact]
    public async Task A_newer_connection_that_is_refused_leaves_the_older_alone()
    {
        var older = await host.ConnectAsync("d1", key);
        var newer = host.Open();
        await newer.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", Convert.ToBase64String(new byte[32]))));

        await newer.ExpectAsync(0x20, 2, 0, 5);
        await newer.Ended;
        await older.SendAsync(PingRequest);
        await older.ExpectAsync(0xd0, 0);
        Assert.Equal(RefusalReason.TokenSignatureWrong, Assert.Single(host.Refusals).Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_will_is_sent_when_the_client_is_lost_and_not_when_it_says_goodbye(bool isOrderly)
    {
        host.Log.IsOpen = true;
        var device = host.Open();
        byte[] will = [.. DeviceDriver.Text(Topic + "why=lost"), .. DeviceDriver.Text("gone")];
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), will: will, willFlags: 0x04));
        await device.ExpectAsync(0x20, 2, 0, 0);

        if (isOrderly)
        {
            await device.SendAsync([0xe0, 0]);
        }
        else
        {
            await device.Connection.ToServer.CompleteAsync();
        }

        await device.Ended;
        Assert.Equal(isOrderly ? [] : ["gone"], host.Log.Stored.Select(BodyOf));
        Assert.All(host.Log.Stored, record => Assert.Contains("Will", Encoding.UTF8.GetString(record), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("other key")]
    [InlineData("deleted")]
    public async Task A_change_that_takes_the_right_away_ends_the_session_at_once(string change)
    {
        await host.RegisterAsync("d2");
        var device = await host.ConnectAsync("d1", key);

        switch (change)
        {
            case "disabled":
                await host.RegisterAsync("d1", "disabled", IfMatch.Any, key);
                break;
            case "other key":
                await host.RegisterAsync("d1", "enabled", IfMatch.Any, Convert.ToBase64String(new byte[32]));
                break;
            default:
                await host.Get<IdentityRegistry>().DeleteAsync(host.Hub, "policy:iothubowner", new(Contracts.Identities.DeviceId.Parse("d1")), IfMatch.Any, TestContext.Current.CancellationToken);
                break;
        }

        await device.ExpectAbortAsync("right to be connected has ended");
        Assert.Contains(host.Refusals, refusal => refusal.Claimed == "d1" && refusal.Detail.Contains("closed after a change", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_that_leaves_the_right_leaves_the_session()
    {
        await host.RegisterAsync("d2");
        var device = await host.ConnectAsync("d1", key);

        await host.RegisterAsync("d1", "enabled", IfMatch.Any, key);
        await host.RegisterAsync("d2", "disabled", IfMatch.Any);

        await device.SendAsync(PingRequest);
        await device.ExpectAsync(0xd0, 0);
        Assert.False(device.Connection.Aborted.IsCompleted);
    }

    [Fact]
    public async Task Filters_are_granted_at_most_qos_1_and_kept_for_a_session_that_wants_it()
    {
        var device = await host.ConnectAsync("d1", key, cleanSession: false);
        await device.SendAsync(DeviceDriver.Subscribe(3, ("devices/d1/messages/devicebound/#", 2), ("$iothub/methods/POST/#", 0), ("$iothub/twin/res/#", 1)));
        await device.ExpectAsync(0x90, 5, 0, 3, 1, 0, 1);
        await device.SendAsync([0xe0, 0]);
        await device.Ended;

        var again = host.Open();
        await again.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), cleanSession: false));
        await again.ExpectAsync(0x20, 2, 1, 0);
        await host.ConnectAsync("d1", key);
        var fresh = host.Open();
        await fresh.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), cleanSession: false));
        await fresh.ExpectAsync(0x20, 2, 0, 0);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public async Task A_subscribe_has_at_most_fifty_filters(int count, bool isTaken)
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync(DeviceDriver.Subscribe(3, [.. Enumerable.Repeat(("$iothub/twin/res/#", (byte)0), count)]));

        if (isTaken)
        {
            await device.ExpectAsync([0x90, (byte)(2 + count), 0, 3, .. new byte[count]]);
        }
        else
        {
            await device.ExpectAbortAsync("50 are allowed");
        }
    }

    [Fact]
    public async Task A_full_log_holds_the_client_back_and_loses_nothing()
    {
        host.Log.Room = 1;
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync([.. DeviceDriver.Publish(Topic, "a", 1), .. DeviceDriver.Publish(Topic, "b", 2), .. DeviceDriver.Publish(Topic, "c", 3)]);

        for (byte id = 1; id <= 3; id++)
        {
            await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
            host.Log.Commit();
            await device.ExpectAsync(0x40, 2, 0, id);
        }

        Assert.Equal(["a", "b", "c"], host.Log.Stored.Select(BodyOf));
    }

    [Fact]
    public async Task An_orderly_end_finishes_what_can_be_acknowledged()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync([.. DeviceDriver.Publish(Topic, "a", 7), 0xe0, 0]);
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);

        host.Log.Commit();

        await device.ExpectAsync(0x40, 2, 0, 7);
        await device.Ended;
    }

    [Fact]
    public async Task A_draining_server_finishes_what_can_be_acknowledged_and_sends_no_will()
    {
        var device = host.Open();
        byte[] will = [.. DeviceDriver.Text(Topic), .. DeviceDriver.Text("gone")];
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), will: will, willFlags: 0x04));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SendAsync(DeviceDriver.Publish(Topic, "a", 7));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);

        await device.Connection.DrainAsync();
        host.Log.Commit();

        await device.ExpectAsync(0x40, 2, 0, 7);
        await device.Ended;
        Assert.Equal(["a"], host.Log.Stored.Select(BodyOf));
    }

    private async Task<bool> IsConnectedAsync()
    {
        var found = await host.Get<IdentityRegistry>().GetAsync(host.Hub, new(Contracts.Identities.DeviceId.Parse("d1")), TestContext.Current.CancellationToken);
        return found.Value.Connection.IsConnected;
    }

    private static string BodyOf(byte[] record) => Encoding.UTF8.GetString(new EventReader(record).Body);
}
