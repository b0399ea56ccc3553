using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class AmqpSessionTests
{
    [Fact]
    public async Task Open_says_our_limits_and_begin_mirrors_the_channel()
    {
        await using var driver = AmqpDriver.Start();
        await driver.SendBytesAsync(ProtocolHeader.Amqp.ToArray());
        await driver.ReadBytesAsync(8);

        driver.Add(0, new Open { ContainerId = "c", HostName = "hub.example", IdleTimeOut = 4000 }.Write);
        driver.Add(7, AmqpDriver.NewBegin().Write);
        await driver.FlushAsync();

        var (_, open) = await driver.ExpectAsync(Descriptors.Open);
        Assert.True(Open.TryRead(open, out var ours, out _));
        Assert.Equal((65_536u, (ushort)8_191, 240_000u), (ours.MaxFrameSize, ours.ChannelMax, ours.IdleTimeOut));
        var (channel, body) = await driver.ExpectAsync(Descriptors.Begin);
        Assert.True(Begin.TryRead(body, out var begin, out _));
        Assert.Equal((7, (ushort?)7, 1_023u), (channel, begin.RemoteChannel, begin.HandleMax));
        Assert.Equal(TimeSpan.FromMinutes(6), driver.Connection.IdleTimeout);
    }

    [Fact]
    public async Task A_peer_that_announces_a_time_out_gets_frames_below_half_of_it()
    {
        await using var driver = await AmqpDriver.OpenAsync(open: new Open { ContainerId = "c", IdleTimeOut = 4_000 });
        Assert.True(driver.Connection.BeatPeriod < TimeSpan.FromSeconds(2), $"{driver.Connection.BeatPeriod}");

        driver.Connection.Beat!();
        driver.Connection.Beat();

        Assert.Empty((await driver.ReadFrameAsync(alsoEmpty: true))!.Value.Body);
        Assert.Equal(2, driver.Proofs.Beats);
    }

    [Fact]
    public async Task A_slow_peer_gets_no_more_heart_beats_than_it_needs()
    {
        await using var driver = await AmqpDriver.OpenAsync(open: new Open { ContainerId = "c", IdleTimeOut = 240_000 });

        for (var i = 0; i < 15; i++)
        {
            driver.Connection.Beat!();
        }

        await Task.Delay(30, TestContext.Current.CancellationToken);
        Assert.False(driver.Connection.FromServer.TryRead(out _));
        driver.Connection.Beat!();
        driver.Connection.Beat!();
        Assert.Empty((await driver.ReadFrameAsync(alsoEmpty: true))!.Value.Body);
    }

    [Fact]
    public async Task Frames_before_open_and_a_second_open_close_the_connection()
    {
        await using var early = AmqpDriver.Start();
        await early.SendBytesAsync(ProtocolHeader.Amqp.ToArray());
        await early.ReadBytesAsync(8);
        await early.SendAsync(0, AmqpDriver.NewBegin().Write);
        Assert.Equal(AmqpConditions.NotAllowed, await early.ExpectCloseAsync());

        await using var twice = await AmqpDriver.OpenAsync();
        await twice.SendAsync(0, new Open { ContainerId = "again" }.Write);
        Assert.Equal(AmqpConditions.NotAllowed, await twice.ExpectCloseAsync());
    }

    [Fact]
    public async Task Close_is_answered_with_close_and_everything_is_told()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");

        await driver.SendAsync(0, new Close().Write);

        Assert.Equal("", await driver.ExpectCloseAsync());
        await driver.Running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(["sender-0"], driver.Door.Closed);
        Assert.True(driver.Proofs.IsDisposed);
    }

    [Fact]
    public async Task A_channel_in_use_or_above_the_maximum_closes_the_connection()
    {
        await using var inUse = await AmqpDriver.OpenAsync();
        await inUse.SendAsync(0, AmqpDriver.NewBegin().Write);
        Assert.Equal(AmqpConditions.NotAllowed, await inUse.ExpectCloseAsync());

        await using var above = await AmqpDriver.OpenAsync(new AmqpOptions { MaxSessions = 2 });
        await above.SendAsync(1, AmqpDriver.NewBegin().Write);
        await above.ExpectAsync(Descriptors.Begin);
        await above.SendAsync(2, AmqpDriver.NewBegin().Write);
        Assert.Equal(AmqpConditions.NotAllowed, await above.ExpectCloseAsync());
    }

    [Fact]
    public async Task End_is_answered_closes_its_links_only_and_frees_the_channel()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);
        await driver.AttachSenderAsync(0, "take", channel: 0, name: "zero");
        await driver.AttachSenderAsync(0, "take", channel: 1, name: "one");

        await driver.SendAsync(1, new End().Write);

        Assert.Equal("", await driver.ExpectEndAsync());
        Assert.Equal(["one"], driver.Door.Closed);
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);
        driver.AddTransfer(0, 0, AmqpDriver.Data(3));
        await driver.FlushAsync();
        Assert.Equal(Outcome.Accepted, (await driver.ExpectDispositionAsync()).State);
    }

    [Fact]
    public async Task A_fault_of_one_session_ends_it_alone()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);
        await driver.AttachSenderAsync(0, "take", channel: 0, name: "zero");

        driver.AddTransfer(9, 0, AmqpDriver.Data(3), channel: 1);
        driver.AddTransfer(9, 1, AmqpDriver.Data(3), channel: 1);
        driver.AddTransfer(0, 0, AmqpDriver.Data(3), channel: 0);
        await driver.FlushAsync();

        Assert.Equal(AmqpConditions.UnattachedHandle, await driver.ExpectEndAsync());
        Assert.Equal(Outcome.Accepted, (await driver.ExpectDispositionAsync()).State);
    }

    [Fact]
    public async Task The_incoming_window_is_given_again_and_enforced()
    {
        await using var driver = await AmqpDriver.OpenAsync(new AmqpOptions { IncomingWindow = 16 });
        driver.Door.Credit = 1_000;
        await driver.AttachSenderAsync(0, "take");

        for (uint i = 0; i < 9; i++)
        {
            driver.AddTransfer(0, i, AmqpDriver.Data(1), settled: true);
        }

        await driver.FlushAsync();
        var flow = await driver.ExpectFlowAsync();
        Assert.Equal((16u, (uint?)9), (flow.IncomingWindow, flow.NextIncomingId));
    }

    [Fact]
    public async Task An_unknown_channel_closes_the_connection()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        driver.AddTransfer(0, 0, AmqpDriver.Data(1), channel: 5);
        await driver.FlushAsync();

        Assert.Equal(AmqpConditions.NotAllowed, await driver.ExpectCloseAsync());
    }

    [Fact]
    public async Task A_stop_of_the_server_is_told_as_connection_forced()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        await driver.Connection.DrainAsync();

        Assert.Equal(AmqpConditions.ConnectionForced, await driver.ExpectCloseAsync());
    }

    [Fact]
    public async Task A_stop_waits_for_the_outcomes_that_are_due_but_not_for_ever()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "hold");
        driver.AddTransfer(0, 0, AmqpDriver.Data(3));
        await driver.FlushAsync();
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);

        await driver.Connection.DrainAsync();
        driver.Door.Takers["sender-0"].LetGo();

        Assert.Equal(Outcome.Accepted, (await driver.ExpectDispositionAsync()).State);
        Assert.Equal(AmqpConditions.ConnectionForced, await driver.ExpectCloseAsync());

        await using var stuck = await AmqpDriver.OpenAsync();
        await stuck.AttachSenderAsync(0, "hold");
        stuck.AddTransfer(0, 0, AmqpDriver.Data(3));
        await stuck.FlushAsync();
        await stuck.SendAsync(1, AmqpDriver.NewBegin().Write);
        await stuck.ExpectAsync(Descriptors.Begin);
        await stuck.Connection.DrainAsync();
        await Task.Delay(50, TestContext.Current.CancellationToken);
        stuck.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(AmqpConditions.ConnectionForced, await stuck.ExpectCloseAsync());
    }

    [Fact]
    public async Task A_connection_whose_proofs_have_run_out_gets_a_deadline_and_loses_it_with_a_new_one()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        driver.Proofs.IsAny = false;

        driver.Connection.Beat!();

        Assert.Equal(driver.Time.GetUtcNow() + TimeSpan.FromSeconds(60), driver.Connection.Deadline);
        driver.Time.Advance(TimeSpan.FromSeconds(30));
        driver.Connection.Beat!();
        Assert.Equal(driver.Time.GetUtcNow() + TimeSpan.FromSeconds(30), driver.Connection.Deadline);
        driver.Proofs.IsAny = true;
        driver.Connection.Beat!();
        Assert.Null(driver.Connection.Deadline);
    }
}
