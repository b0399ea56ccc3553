using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class AmqpAttachTests
{
    [Fact]
    public async Task A_refused_sender_gets_an_attach_without_target_then_the_error()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        await driver.SendAsync(0, AmqpDriver.Sender(0, "no").Write);

        var (_, body) = await driver.ExpectAsync(Descriptors.Attach);
        Assert.True(Attach.TryRead(body, out var attach, out _));
        Assert.Null(attach.Target);
        Assert.NotNull(attach.Source);
        var detach = await driver.ExpectDetachAsync();
        Assert.Equal((true, AmqpConditions.UnauthorizedAccess), (detach.IsClosed, detach.Error?.Condition));
    }

    [Fact]
    public async Task A_refused_receiver_gets_an_attach_without_source()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        await driver.SendAsync(0, AmqpDriver.Receiver(0, "no").Write);

        var (_, body) = await driver.ExpectAsync(Descriptors.Attach);
        Assert.True(Attach.TryRead(body, out var attach, out _));
        Assert.Null(attach.Source);
        Assert.NotNull(attach.Target);
        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await driver.ExpectDetachAsync()).Error?.Condition);
    }

    [Fact]
    public async Task A_redirect_is_a_full_attach_and_then_the_error()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        await driver.SendAsync(0, AmqpDriver.Receiver(0, "elsewhere").Write);

        var (_, body) = await driver.ExpectAsync(Descriptors.Attach);
        Assert.True(Attach.TryRead(body, out var attach, out _));
        Assert.NotNull(attach.Source);
        Assert.Equal(AmqpConditions.LinkRedirect, (await driver.ExpectDetachAsync()).Error?.Condition);
    }

    [Theory]
    [InlineData("nowhere", AmqpConditions.NotFound)]
    [InlineData("", AmqpConditions.NotFound)]
    public async Task An_unknown_address_is_refused(string address, string condition)
    {
        await using var driver = await AmqpDriver.OpenAsync();

        await driver.SendAsync(0, AmqpDriver.Sender(0, address).Write);

        await driver.ExpectAsync(Descriptors.Attach);
        Assert.Equal(condition, (await driver.ExpectDetachAsync()).Error?.Condition);
    }

    [Fact]
    public async Task Dynamic_nodes_transactions_and_links_without_address_are_refused()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        byte[]?[] targets = [new Terminus { IsDynamic = true }.ToBytes(), new Terminus { IsCoordinator = true }.ToBytes(), null, new Terminus().ToBytes()];

        for (uint i = 0; i < targets.Length; i++)
        {
            await driver.SendAsync(0, new Attach { Name = $"l{i}", Handle = i, IsReceiver = false, InitialDeliveryCount = 0, Target = targets[i] }.Write);
            await driver.ExpectAsync(Descriptors.Attach);
            var condition = (await driver.ExpectDetachAsync()).Error?.Condition;
            Assert.True(condition is AmqpConditions.NotImplemented or AmqpConditions.InvalidField, condition);
        }
    }

    [Fact]
    public async Task A_handle_is_free_again_after_both_detached()
    {
        await using var driver = await AmqpDriver.OpenAsync();

        for (var i = 0; i < 3; i++)
        {
            await driver.AttachSenderAsync(0, "take");
            await driver.SendAsync(0, new Detach { Handle = 0, IsClosed = true }.Write);
            Assert.Null((await driver.ExpectDetachAsync()).Error);
        }

        Assert.Equal(3, driver.Door.Closed.Count);
    }

    [Fact]
    public async Task What_arrives_late_for_a_link_that_we_detached_is_ignored()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "throw");
        driver.AddTransfer(0, 0, AmqpDriver.Data(3));
        await driver.FlushAsync();
        await driver.ExpectDetachAsync();

        driver.AddTransfer(0, 1, AmqpDriver.Data(3));
        driver.Add(0, new Flow { IncomingWindow = 100, NextOutgoingId = 2, OutgoingWindow = 100, Handle = 0 }.Write);
        driver.Add(0, new Detach { Handle = 0, IsClosed = true }.Write);
        driver.Add(0, AmqpDriver.Sender(0, "take", "next").Write);
        await driver.FlushAsync();

        await driver.ExpectAsync(Descriptors.Attach);
    }

    [Fact]
    public async Task A_link_attached_again_under_its_name_takes_over()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take", name: "same");

        await driver.SendAsync(0, AmqpDriver.Sender(1, "take", "same").Write);

        var detach = await driver.ExpectDetachAsync();
        Assert.Equal((0u, AmqpConditions.LinkStolen), (detach.Handle, detach.Error?.Condition));
        await driver.ExpectAsync(Descriptors.Attach);
    }

    [Fact]
    public async Task The_same_name_in_another_session_is_another_link()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.SendAsync(1, AmqpDriver.NewBegin().Write);
        await driver.ExpectAsync(Descriptors.Begin);
        await driver.AttachSenderAsync(0, "take", channel: 0, name: "TelemetrySenderLink");

        await driver.AttachSenderAsync(0, "take", channel: 1, name: "TelemetrySenderLink");

        Assert.Empty(driver.Door.Closed);
    }

    [Fact]
    public async Task A_handle_in_use_or_above_the_maximum_ends_the_session()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take");
        await driver.SendAsync(0, AmqpDriver.Sender(0, "take", "other").Write);
        Assert.Equal(AmqpConditions.HandleInUse, await driver.ExpectEndAsync());

        await using var above = await AmqpDriver.OpenAsync(new AmqpOptions { MaxLinksPerSession = 4 });
        await above.AttachSenderAsync(3, "take");
        await above.SendAsync(0, AmqpDriver.Sender(4, "take").Write);
        Assert.Equal(AmqpConditions.HandleInUse, await above.ExpectEndAsync());
    }

    [Fact]
    public async Task A_link_name_at_the_limit_is_taken_and_a_longer_one_ends_the_session()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        await driver.AttachSenderAsync(0, "take", name: new string('n', 512));

        await driver.SendAsync(0, AmqpDriver.Sender(1, "take", new string('n', 513)).Write);

        Assert.Equal(AmqpConditions.InvalidField, await driver.ExpectEndAsync());
    }

    [Fact]
    public async Task A_detach_during_a_pending_attach_is_answered_and_its_decision_dropped()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        driver.Add(0, AmqpDriver.Sender(0, "later").Write);
        driver.Add(0, new Detach { Handle = 0, IsClosed = true }.Write);
        await driver.FlushAsync();

        await driver.ExpectAsync(Descriptors.Attach);
        await driver.ExpectDetachAsync();
        Assert.True(driver.Door.Deciding.TryPeek(out var token) && token.IsCancellationRequested);

        driver.Door.Decide.SetResult();
        await driver.AttachSenderAsync(0, "take", name: "fresh");
        await Eventually.TrueAsync(() => driver.Door.Closed.Contains("sender-0"));
    }

    [Fact]
    public async Task Other_links_do_not_wait_for_a_pending_attach_and_credit_given_meanwhile_counts()
    {
        await using var driver = await AmqpDriver.OpenAsync();
        driver.Add(0, AmqpDriver.Receiver(0, "later").Write);
        driver.Add(0, new Flow { NextIncomingId = 0, IncomingWindow = 100, NextOutgoingId = 0, OutgoingWindow = 100, Handle = 0, DeliveryCount = 0, LinkCredit = 5 }.Write);
        await driver.FlushAsync();
        await driver.AttachSenderAsync(1, "take");

        driver.Door.Decide.SetResult();
        await driver.ExpectAsync(Descriptors.Attach);

        await Eventually.TrueAsync(() => driver.Door.Feeders["receiver-0"].Credits > 0);
        Assert.True(driver.Door.Feeders["receiver-0"].Out.HasCredit);
    }

    [Fact]
    public async Task Before_anything_is_proved_there_are_few_sessions_and_links()
    {
        await using var driver = await AmqpDriver.OpenAsync(new AmqpOptions { MaxUnauthenticatedLinks = 2 }, proofs: new FakeProofs());
        await driver.AttachSenderAsync(0, "$cbs");
        await driver.AttachReceiverAsync(1, "$cbs");
        Assert.False(driver.Connection.IsAuthenticated);

        await driver.SendAsync(0, AmqpDriver.Sender(2, "$cbs").Write);
        Assert.Equal(AmqpConditions.ResourceLimitExceeded, await driver.ExpectEndAsync());

        await using var sessions = await AmqpDriver.OpenAsync(new AmqpOptions { MaxUnauthenticatedLinks = 2 }, proofs: new FakeProofs());
        await sessions.SendAsync(1, AmqpDriver.NewBegin().Write);
        await sessions.ExpectAsync(Descriptors.Begin);
        await sessions.SendAsync(2, AmqpDriver.NewBegin().Write);
        Assert.Equal(AmqpConditions.ResourceLimitExceeded, await sessions.ExpectCloseAsync());
    }

    [Fact]
    public async Task Whoever_has_proved_nothing_is_not_told_what_exists()
    {
        await using var driver = await AmqpDriver.OpenAsync(proofs: new FakeProofs());

        await driver.SendAsync(0, AmqpDriver.Sender(0, "nowhere").Write);

        await driver.ExpectAsync(Descriptors.Attach);
        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await driver.ExpectDetachAsync()).Error?.Condition);
    }
}
