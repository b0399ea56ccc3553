using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>Links on which the peer receives.</summary>
public sealed class AmqpOutgoingTests
{
    private static readonly byte[] Tag = [1, 2, 3, 4];

    [Fact]
    public async Task Nothing_is_sent_without_credit_and_exactly_as_much_as_was_given()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver);
        Assert.False(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(5), settled: true, out _));

        await GrantAsync(driver, 2);
        await Eventually.TrueAsync(() => feeder.Credits > 0);

        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(5), settled: true, out _));
        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(6), settled: true, out _));
        Assert.False(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(7), settled: true, out _));
        feeder.Out.Flush();
        Assert.Equal(AmqpDriver.Data(5), await ReadMessageAsync(driver));
        Assert.Equal(AmqpDriver.Data(6), await ReadMessageAsync(driver));
    }

    [Fact]
    public async Task Credit_that_crosses_messages_on_their_way_is_counted_from_what_the_peer_saw()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver);
        await GrantAsync(driver, 5);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);
        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: true, out _));
        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: true, out _));

        // The peer has counted none of the two yet: three are left, not five.
        await GrantAsync(driver, 5, deliveryCount: 0);
        await SyncAsync(driver);

        Assert.Equal(3, Enumerable.Range(0, 10).TakeWhile(_ => feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: true, out var id)).Count());
    }

    [Fact]
    public async Task A_peer_s_small_frames_and_small_window_are_kept_to()
    {
        await using var driver = await AmqpDriver.OpenAsync(open: new Open { ContainerId = "c", MaxFrameSize = 512 }, begin: AmqpDriver.NewBegin(window: 2));
        var feeder = await FeedAsync(driver);
        await GrantAsync(driver, 1, window: 2);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);
        var message = AmqpDriver.Data(1_500);

        Assert.True(feeder.Out.TrySend(Tag, 0, message, settled: true, out _));
        feeder.Out.Flush();

        var got = new List<byte>();
        for (uint i = 0; got.Count < message.Length; i++)
        {
            var (_, body) = await driver.ExpectAsync(Descriptors.Transfer);
            Assert.True(body.Length <= 512 - 8);
            Assert.True(Transfer.TryRead(body, out var transfer, out _));
            got.AddRange(transfer.Payload.ToArray());
            Assert.Equal(got.Count < message.Length, transfer.More);
            if (i % 2 == 1 && transfer.More)
            {
                // The window is used up: nothing more comes until it is opened.
                await Task.Delay(20, TestContext.Current.CancellationToken);
                Assert.False(driver.Connection.FromServer.TryRead(out _));
                await driver.SendAsync(0, new Flow { NextIncomingId = i + 1, IncomingWindow = 2, NextOutgoingId = 0, OutgoingWindow = 10 }.Write);
            }
        }

        Assert.Equal(message, got);
    }

    [Fact]
    public async Task A_range_of_outcomes_reaches_every_delivery_in_it_and_costs_no_more_than_there_are()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver, senderSettleMode: 0);
        await GrantAsync(driver, 10);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);
        for (var i = 0; i < 6; i++)
        {
            Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: true, out _));
        }

        await driver.SendAsync(0, new Disposition { IsReceiver = true, First = 1, Last = 3, Settled = true, State = Outcome.Accepted }.Write);
        await Eventually.TrueAsync(() => driver.Door.Outcomes.Count == 3);
        await driver.SendAsync(0, new Disposition { IsReceiver = true, First = 0, Last = uint.MaxValue, Settled = true, State = Outcome.Released }.Write);
        await Eventually.TrueAsync(() => driver.Door.Outcomes.Count == 6);

        Assert.Equal(
            [(1u, Outcome.Accepted, true), (2u, Outcome.Accepted, true), (3u, Outcome.Accepted, true), (0u, Outcome.Released, true), (4u, Outcome.Released, true), (5u, Outcome.Released, true)],
            driver.Door.Outcomes);
    }

    [Fact]
    public async Task A_receiver_that_settles_second_gets_our_settlement()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver, senderSettleMode: 0);
        await GrantAsync(driver, 1);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);
        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: false, out _));
        feeder.Out.Flush();
        await ReadMessageAsync(driver);

        await driver.SendAsync(0, new Disposition { IsReceiver = true, First = 0, Settled = false, State = Outcome.Accepted }.Write);

        var disposition = await driver.ExpectDispositionAsync();
        Assert.Equal((false, true, Outcome.Accepted), (disposition.IsReceiver, disposition.Settled, disposition.State));
    }

    [Fact]
    public async Task Deliveries_that_nobody_settles_are_bounded()
    {
        await using var driver = await AmqpDriver.OpenAsync(new AmqpOptions { MaxUnsettled = 3 });
        var feeder = await FeedAsync(driver, senderSettleMode: 0);
        await GrantAsync(driver, 100);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);

        Assert.Equal(3, Enumerable.Range(0, 10).TakeWhile(_ => feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: false, out var id)).Count());

        var before = feeder.Credits;
        await driver.SendAsync(0, new Disposition { IsReceiver = true, First = 0, Settled = true, State = Outcome.Accepted }.Write);
        await Eventually.TrueAsync(() => feeder.Credits > before);
        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: false, out _));
    }

    [Theory]
    [InlineData(5u)]
    [InlineData(0u)]
    public async Task A_drain_is_answered_by_giving_the_credit_back(uint credit)
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver);

        await GrantAsync(driver, credit, drain: true);
        if (credit > 0)
        {
            await Eventually.TrueAsync(() => feeder.Out.IsDraining);
            feeder.Out.CompleteDrain();
        }

        var flow = await driver.ExpectFlowAsync();
        Assert.Equal(((uint?)0, (uint?)credit, true), (flow.LinkCredit, flow.DeliveryCount, flow.Drain));
        Assert.False(feeder.Out.HasCredit);
    }

    [Fact]
    public async Task A_drain_that_messages_use_up_is_answered_too()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var feeder = await FeedAsync(driver);
        await GrantAsync(driver, 1, drain: true);
        await Eventually.TrueAsync(() => feeder.Out.IsDraining);

        Assert.True(feeder.Out.TrySend(Tag, 0, AmqpDriver.Data(1), settled: true, out _));
        feeder.Out.Flush();
        await driver.ExpectAsync(Descriptors.Transfer);

        var flow = await driver.ExpectFlowAsync();
        Assert.Equal(((uint?)0, (uint?)1, true), (flow.LinkCredit, flow.DeliveryCount, flow.Drain));
        Assert.False(feeder.Out.IsDraining);
    }

    [Fact]
    public async Task An_echo_is_answered_for_the_link_and_for_the_session()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await FeedAsync(driver);

        await driver.SendAsync(0, new Flow { NextIncomingId = 0, IncomingWindow = 10, NextOutgoingId = 0, OutgoingWindow = 10, Handle = 0, DeliveryCount = 0, LinkCredit = 3, Echo = true }.Write);
        Assert.Equal(((uint?)0, (uint?)3), ((await driver.ExpectFlowAsync()) is var link ? link.Handle : null, link.LinkCredit));

        await driver.SendAsync(0, new Flow { NextIncomingId = 0, IncomingWindow = 10, NextOutgoingId = 0, OutgoingWindow = 10, Echo = true }.Write);
        Assert.Null((await driver.ExpectFlowAsync()).Handle);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_stops_the_feeder_and_nothing_grows()
    {
        await using var driver = await AmqpDriver.OpenAsync(new AmqpOptions { HighWaterBytes = 64 * 1024 }, new MemoryConnection(clientReads: 4_096));
        var feeder = await FeedAsync(driver);
        await GrantAsync(driver, 1_000_000, window: 1_000_000);
        await Eventually.TrueAsync(() => feeder.Out.HasCredit);
        var message = AmqpDriver.Data(1_000);

        var sent = 0;
        while (feeder.Out.TrySend(Tag, 0, message, settled: true, out _))
        {
            sent++;
            feeder.Out.Flush();
        }

        Assert.InRange(sent, 60, 200);
        var before = feeder.Credits;
        for (var i = 0; i < sent; i++)
        {
            await ReadMessageAsync(driver);
        }

        await Eventually.TrueAsync(() => feeder.Credits > before);
        Assert.True(feeder.Out.TrySend(Tag, 0, message, settled: true, out _));
    }

    [Fact]
    public async Task An_answer_that_is_there_before_its_link_is_attached_waits_for_it()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.SendAsync(0, AmqpDriver.Receiver(0, "reply").Write);
        await Eventually.TrueAsync(() => !driver.Door.Deciding.IsEmpty);

        var sent = driver.Door.Replies.SendAsync(0, AmqpDriver.Data(5));
        driver.Door.Decide.SetResult();
        await driver.ExpectAsync(Descriptors.Attach);
        Assert.False(sent.IsCompleted);
        await GrantAsync(driver, 1);

        Assert.Equal(AmqpDriver.Data(5), await ReadMessageAsync(driver));
        await sent.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_answer_for_a_link_that_is_refused_or_for_none_holds_nobody_up()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        driver.Door.RefusesReplies = true;
        Assert.True(driver.Door.Replies.SendAsync(0, AmqpDriver.Data(5)).IsCompleted);
        await driver.SendAsync(0, AmqpDriver.Receiver(0, "reply").Write);
        await Eventually.TrueAsync(() => !driver.Door.Deciding.IsEmpty);

        var sent = driver.Door.Replies.SendAsync(0, AmqpDriver.Data(5));
        driver.Door.Decide.SetResult();

        await sent.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(["receiver-0"], driver.Door.Closed);
        Assert.True(driver.Door.Replies.SendAsync(0, AmqpDriver.Data(5)).IsCompleted);
    }

    private static async Task<ProbeFeeder> FeedAsync(AmqpDriver driver, byte senderSettleMode = 2)
    {
        await driver.AttachReceiverAsync(0, "feed", senderSettleMode: senderSettleMode);
        return driver.Door.Feeders["receiver-0"];
    }

    private static Task GrantAsync(AmqpDriver driver, uint credit, uint window = 2048, uint deliveryCount = 0, bool drain = false) => driver.SendAsync(0, new Flow
    {
        NextIncomingId = 0,
        IncomingWindow = window,
        NextOutgoingId = 0,
        OutgoingWindow = 100,
        Handle = 0,
        DeliveryCount = deliveryCount,
        LinkCredit = credit,
        Drain = drain,
    }.Write);

    /// <summary>Waits until the server has dispatched all that was sent.</summary>
    private static async Task SyncAsync(AmqpDriver driver)
    {
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        for (var frame = await driver.ReadFrameAsync(); Performative.TryReadCode(frame!.Value.Body, out var code) && code != Descriptors.Begin; frame = await driver.ReadFrameAsync())
        {
            Assert.Equal(Descriptors.Transfer, code);
        }
    }

    private static async Task<byte[]> ReadMessageAsync(AmqpDriver driver)
    {
        var (_, body) = await driver.ExpectAsync(Descriptors.Transfer);
        Assert.True(Transfer.TryRead(body, out var transfer, out _));
        return transfer.Payload.ToArray();
    }
}
