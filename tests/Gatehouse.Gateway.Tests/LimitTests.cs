using System.Buffers;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Identity;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>What one client can make the server hold or do is bounded.</summary>
public sealed class LimitTests
{
    private const string Topic = "devices/d1/messages/events/";
    private static readonly byte[] PingRequest = [0xc0, 0];

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task A_message_at_the_limit_is_taken_and_one_byte_more_ends_the_session(int size, bool isTaken)
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { MaxMessageBytes = 100 });
        host.Log.IsOpen = true;
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SendAsync(DeviceDriver.Publish(Topic, new string('x', size), 1));

        if (isTaken)
        {
            await device.ExpectAsync(0x40, 2, 0, 1);
        }
        else
        {
            await device.ExpectAbortAsync("MessageTooLarge");
        }

        Assert.Equal(isTaken ? 1 : 0, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_device_above_its_rate_is_slowed_down_and_loses_nothing()
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { DeviceMessagesPerSecond = 2 });
        host.Log.IsOpen = true;
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SendAsync([.. DeviceDriver.Publish(Topic, "a", 1), .. DeviceDriver.Publish(Topic, "b", 2), .. DeviceDriver.Publish(Topic, "c", 3), .. PingRequest]);

        await device.ExpectAsync(0x40, 2, 0, 1, 0x40, 2, 0, 2);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        device.ExpectNothing();
        host.Time.Advance(TimeSpan.FromSeconds(0.5));
        await device.ExpectAsync(0x40, 2, 0, 3, 0xd0, 0);
        Assert.Equal(3, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_at_the_bound()
    {
        await using var host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxUnreadBytes = 1024 });
        var key = await host.RegisterAsync("d1");
        var device = host.Open(outputBytes: 512);
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)));
        var pings = Enumerable.Repeat(PingRequest, 100).SelectMany(ping => ping).ToArray();

        for (var i = 0; i < 100 && !device.Connection.Aborted.IsCompleted; i++)
        {
            try
            {
                await device.SendAsync(pings);
            }
            catch (InvalidOperationException)
            {
                // The connection was cut while we wrote.
                break;
            }
        }

        await device.ExpectAbortAsync("does not read");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handing_a_message_to_the_hub_allocates_nothing(bool isLimited)
    {
        const int rounds = 10_000;
        var log = new CountingLog();
        var throttling = new ThrottleOptions { Tier = isLimited ? ThrottleTier.S3 : ThrottleTier.Off, Units = 200 };
        await using var host = await GatewayHost.StartAsync(log: log, throttling: throttling);
        var identity = IdentityKey.TryParse("d1", out var parsed) ? parsed : throw new InvalidOperationException();
        var principal = new Principal { Hub = host.Hub, Identity = identity, Rights = Rights.DeviceConnect, Method = AuthenticationMethod.IdentityKey, Credential = "primaryKey" };
        Assert.True(UserName.TryParse("localhost/d1/?api-version=2021-04-12", "d1", out var user));
        var accepted = new ConnectOutcome.Accepted(null!, user!, new DeviceLogin("localhost", identity, null, null), principal, 0);
        var channel = await host.Get<TelemetryIntake>().OpenAsync(host.Hub, identity, TestContext.Current.CancellationToken);
        var door = new TelemetryDoor(accepted, channel, new PacketSender(new PipedConnection(), 1024)) { Violate = Assert.Fail, End = Assert.Fail };
        var packet = new ReadOnlySequence<byte>(DeviceDriver.Publish(Topic + "a=b&%24.mid=1&%24.ct=application%2Fjson", new string('x', 256), 1));

        void Publish()
        {
            var rest = packet;
            Assert.True(MqttFrame.TryRead(ref rest, 1024 * 1024, out var frame, out _));
            door.Publish(frame);
        }

        for (var i = 0; i < 1000; i++)
        {
            Publish();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < rounds; i++)
        {
            Publish();
        }

        var perMessage = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)rounds;
        Assert.Equal(rounds + 1000, log.Count);
        Assert.InRange(perMessage, 0, 1);
    }
}
