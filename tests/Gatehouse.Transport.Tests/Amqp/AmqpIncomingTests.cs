using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>Links on which the peer sends.</summary>
public sealed class AmqpIncomingTests
{
    [Fact]
    public async Task The_attach_answer_has_everything_that_clients_look_for()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var attach = AmqpDriver.Sender(3, "take/messages/events", "my link");

        await driver.SendAsync(0, attach.Write);

        var (_, body) = await driver.ExpectAsync(Descriptors.Attach);
        Assert.True(Attach.TryRead(body, out var answer, out _));
        Assert.Equal(("my link", 3u, true), (answer.Name, answer.Handle, answer.IsReceiver));
        Assert.Equal(attach.Source, answer.Source);
        Assert.Equal(attach.Target, answer.Target);
        Assert.Equal((ulong)ProbeDoor.MaxMessageBytes, answer.MaxMessageSize);
        var flow = await driver.ExpectFlowAsync();
        Assert.Equal(((uint?)3, (uint?)10, (uint?)0), (flow.Handle, flow.LinkCredit, flow.DeliveryCount));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0xFFFF_FFFEu)]
    [InlineData(0x8000_0000u)]
    [InlineData(3_000_000_000u)]
    public async Task Deliveries_may_be_numbered_from_anywhere(uint first)
    {
        await using var driver = await AmqpDriver.OpenAsync(begin: new Begin { NextOutgoingId = first, IncomingWindow = 100, OutgoingWindow = 100 });
        driver.Door.Credit = 100;
        await driver.AttachSenderAsync(0, "take");

        for (uint i = 0; i < 4; i++)
        {
            driver.AddTransfer(0, unchecked(first + i), AmqpDriver.Data(10));
        }

        await driver.FlushAsync();

        var settled = 0u;
        while (settled < 4)
        {
            var disposition = await driver.ExpectDispositionAsync();
            Assert.Equal((true, true, Outcome.Accepted), (disposition.IsReceiver, disposition.Settled, disposition.State));
            Assert.Equal(unchecked(first + settled), disposition.First);
            settled += unchecked((disposition.Last ?? disposition.First) - disposition.First) + 1;
        }

        Assert.Equal(4, driver.Door.Taken.Count);
    }

    [Fact]
    public async Task A_message_of_many_frames_arrives_whole_and_others_come_between()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");
        await driver.AttachSenderAsync(1, "take");
        var message = AmqpDriver.Data(5_000);

        driver.AddTransfer(0, 0, message.AsSpan(0, 1_000), more: true);
        driver.AddTransfer(1, 1, AmqpDriver.Data(7));
        driver.AddTransfer(0, null, message.AsSpan(1_000, 3_000), more: true);
        driver.AddTransfer(0, 0, message.AsSpan(4_000));
        await driver.FlushAsync();

        await driver.ExpectDispositionAsync();
        await driver.ExpectDispositionAsync();
        Assert.Equal(["sender-1", "sender-0"], driver.Door.Taken.Select(each => each.Link));
        Assert.Equal(message, driver.Door.Taken.Last().Bytes);
    }

    [Fact]
    public async Task An_aborted_delivery_leaves_nothing_and_the_link_goes_on()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");

        driver.AddTransfer(0, 0, AmqpDriver.Data(100), more: true);
        driver.AddTransfer(0, 0, default, aborted: true);
        driver.AddTransfer(0, 1, AmqpDriver.Data(5));
        await driver.FlushAsync();

        Assert.Equal(1u, (await driver.ExpectDispositionAsync()).First);
        Assert.Equal(AmqpDriver.Data(5), Assert.Single(driver.Door.Taken).Bytes);
    }

    [Fact]
    public async Task A_settled_delivery_gets_no_disposition()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");

        driver.AddTransfer(0, 0, AmqpDriver.Data(5), settled: true);
        driver.AddTransfer(0, 1, AmqpDriver.Data(5));
        await driver.FlushAsync();

        Assert.Equal(1u, (await driver.ExpectDispositionAsync()).First);
        Assert.Equal(2, driver.Door.Taken.Count);
    }

    [Fact]
    public async Task With_receiver_settle_mode_second_the_peer_settles()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        var attach = AmqpDriver.Sender(0, "take");
        await driver.SendAsync(0, new Attach { Name = "second", Handle = 0, IsReceiver = false, ReceiverSettleMode = 1, InitialDeliveryCount = 0, Source = attach.Source, Target = attach.Target }.Write);
        await driver.ExpectAsync(Descriptors.Attach);
        await driver.ExpectFlowAsync();

        driver.AddTransfer(0, 0, AmqpDriver.Data(5));
        await driver.FlushAsync();

        var disposition = await driver.ExpectDispositionAsync();
        Assert.Equal((false, Outcome.Accepted), (disposition.Settled, disposition.State));
        await driver.SendAsync(0, new Disposition { IsReceiver = false, First = 0, Settled = true, State = Outcome.Accepted }.Write);
        driver.AddTransfer(0, 1, AmqpDriver.Data(5));
        await driver.FlushAsync();
        Assert.Equal(1u, (await driver.ExpectDispositionAsync()).First);
    }

    [Fact]
    public async Task A_rejection_carries_its_error()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "reject");

        driver.AddTransfer(0, 0, AmqpDriver.Data(5));
        await driver.FlushAsync();

        var disposition = await driver.ExpectDispositionAsync();
        Assert.Equal((Outcome.Rejected, AmqpConditions.ArgumentError), (disposition.State, disposition.Error?.Condition));
    }

    [Fact]
    public async Task Credit_is_given_again_at_half()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");

        for (uint i = 0; i < 5; i++)
        {
            driver.AddTransfer(0, i, AmqpDriver.Data(5), settled: true);
        }

        await driver.FlushAsync();

        var flow = await driver.ExpectFlowAsync();
        Assert.Equal(((uint?)0, (uint?)10, (uint?)5), (flow.Handle, flow.LinkCredit, flow.DeliveryCount));
    }

    [Fact]
    public async Task A_transfer_without_credit_detaches_the_link_alone()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        driver.Door.Credit = 1;
        await driver.AttachSenderAsync(0, "hold");
        await driver.AttachSenderAsync(1, "take");

        // The first is postponed, so that no credit comes back.
        driver.AddTransfer(0, 0, AmqpDriver.Data(5));
        driver.AddTransfer(0, 1, AmqpDriver.Data(5));
        driver.AddTransfer(0, 2, AmqpDriver.Data(5));
        driver.AddTransfer(1, 3, AmqpDriver.Data(5));
        await driver.FlushAsync();

        var frames = new List<ulong>();
        for (var i = 0; i < 4; i++)
        {
            var frame = await driver.ReadFrameAsync();
            Performative.TryReadCode(frame!.Value.Body, out var code);
            frames.Add(code);
            if (code == Descriptors.Detach)
            {
                Assert.True(Detach.TryRead(frame.Value.Body, out var detach, out _));
                Assert.Equal((0u, AmqpConditions.TransferLimitExceeded), (detach.Handle, detach.Error?.Condition));
            }

            if (frames.Contains(Descriptors.Detach) && frames.Contains(Descriptors.Disposition))
            {
                break;
            }
        }

        Assert.Contains(Descriptors.Detach, frames);
        Assert.Equal("sender-1", Assert.Single(driver.Door.Taken).Link);
    }

    [Fact]
    public async Task A_message_at_the_limit_is_taken_and_one_byte_more_detaches_the_link()
    {
        await using var driver = await AmqpDriver.OpenAsync(new AmqpOptions { MaxFrameBytes = 200_000 });
        await driver.AttachSenderAsync(0, "take");
        var largest = AmqpDriver.Data(ProbeDoor.MaxMessageBytes - 8);
        Assert.Equal(ProbeDoor.MaxMessageBytes, largest.Length);

        driver.AddTransfer(0, 0, largest);
        driver.AddTransfer(0, 1, largest.AsSpan(0, 50_000), more: true);
        driver.AddTransfer(0, 1, largest.AsSpan(50_000));
        await driver.FlushAsync();
        await driver.ExpectDispositionAsync();
        await driver.ExpectDispositionAsync();

        driver.AddTransfer(0, 2, [.. largest, 0]);
        await driver.FlushAsync();
        Assert.Equal(AmqpConditions.MessageSizeExceeded, (await driver.ExpectDetachAsync()).Error?.Condition);
        Assert.Equal(2, driver.Door.Taken.Count);
    }

    [Fact]
    public async Task A_message_that_grows_past_the_limit_detaches_the_link_before_it_is_whole()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");

        driver.AddTransfer(0, 0, new byte[60_000], more: true);
        driver.AddTransfer(0, 0, new byte[60_000], more: true);
        driver.AddTransfer(0, 0, new byte[60_000], more: true);
        await driver.FlushAsync();

        Assert.Equal(AmqpConditions.MessageSizeExceeded, (await driver.ExpectDetachAsync()).Error?.Condition);
    }

    [Fact]
    public async Task What_cannot_be_taken_now_waits_in_order_while_other_links_go_on()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "hold");
        await driver.AttachSenderAsync(1, "take");

        for (byte i = 0; i < 4; i++)
        {
            driver.AddTransfer(0, i, AmqpDriver.Data(3, i));
        }

        driver.AddTransfer(1, 4, AmqpDriver.Data(3, 99));
        await driver.FlushAsync();
        Assert.Equal(4u, (await driver.ExpectDispositionAsync()).First);

        driver.Door.Takers["sender-0"].LetGo();
        var settled = 0;
        while (settled < 4)
        {
            var disposition = await driver.ExpectDispositionAsync();
            settled += (int)((disposition.Last ?? disposition.First) - disposition.First) + 1;
        }

        Assert.Equal([.. Enumerable.Range(0, 4).Select(i => AmqpDriver.Data(3, (byte)i))], driver.Door.Taken.Where(each => each.Link == "sender-0").Select(each => each.Bytes));
    }

    [Fact]
    public async Task A_handler_that_throws_costs_its_link_only()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "throw");
        await driver.AttachSenderAsync(1, "take");

        driver.AddTransfer(0, 0, AmqpDriver.Data(3));
        driver.AddTransfer(1, 1, AmqpDriver.Data(3));
        await driver.FlushAsync();

        Assert.Equal(AmqpConditions.InternalError, (await driver.ExpectDetachAsync()).Error?.Condition);
        Assert.Equal(1u, (await driver.ExpectDispositionAsync()).First);
        Assert.Equal(["sender-0"], driver.Door.Closed);
    }
}
