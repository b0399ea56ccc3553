using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>Performatives made by hand from the standard, read and, where the form is the shortest, written.</summary>
public sealed class VectorTests
{
    [Fact]
    public void Open_with_its_defaults()
    {
        var bytes = Encoded.Hex("00 53 10 c0 04 01 a1 01 63");

        Assert.True(Open.TryRead(bytes, out var open, out _));
        Assert.Equal("c", open.ContainerId);
        Assert.Null(open.HostName);
        Assert.Equal(uint.MaxValue, open.MaxFrameSize);
        Assert.Equal(ushort.MaxValue, open.ChannelMax);
        Assert.Null(open.IdleTimeOut);
        Assert.Null(open.Properties);
        Assert.Equal(bytes, Encoded.By(writer => new Open { ContainerId = "c" }.Write(writer)));
    }

    [Fact]
    public void Open_with_all_fields()
    {
        var bytes = Encoded.Hex(
            """
            00 80 00 00 00 00 00 00 00 10 d0 00 00 00 36 00 00 00 0a
            a1 01 63 b1 00 00 00 01 68 70 00 01 00 00 60 1f ff 70 00 03 a9 80
            a3 05 65 6e 2d 55 53 e0 07 01 a3 04 65 6e 2d 47 40 a3 01 78 c1 06 02 a3 01 6b 52 05
            """.ReplaceLineEndings(" "));

        Assert.True(Open.TryRead(bytes, out var open, out var fault), fault.Describe());
        Assert.Equal("h", open.HostName);
        Assert.Equal(65536u, open.MaxFrameSize);
        Assert.Equal(8191, open.ChannelMax);
        Assert.Equal(240_000u, open.IdleTimeOut);
        Assert.Empty(open.OfferedCapabilities);
        Assert.Equal(["x"], open.DesiredCapabilities);
        Assert.Equal("{symbol \"k\": UInt32 5}", Trees.Describe(open.Properties));
    }

    [Fact]
    public void Begin_and_flow()
    {
        Assert.True(Begin.TryRead(Encoded.Hex("00 53 11 c0 09 05 40 43 52 64 52 64 52 07"), out var begin, out _));
        Assert.Equal((null, 0u, 100u, 100u, 7u), (begin.RemoteChannel, begin.NextOutgoingId, begin.IncomingWindow, begin.OutgoingWindow, begin.HandleMax));

        Assert.True(Flow.TryRead(Encoded.Hex("00 53 13 c0 12 0a 43 70 7f ff ff ff 52 01 43 43 52 02 52 32 40 41 42"), out var flow, out _));
        Assert.Equal((0u, 0x7fffffffu, 1u, 0u, 0u), (flow.NextIncomingId!.Value, flow.IncomingWindow, flow.NextOutgoingId, flow.OutgoingWindow, flow.Handle!.Value));
        Assert.Equal((2u, 50u, null, true, false), (flow.DeliveryCount!.Value, flow.LinkCredit!.Value, flow.Available, flow.Drain, flow.Echo));
    }

    [Fact]
    public void Attach_of_a_receiver_with_a_filter()
    {
        // source: address "q", then nulls up to filter {symbol "f": described symbol "f" "x > 1"}.
        var source = Encoded.Described(0x28, Encoded.List32(
            Encoded.String("q"), [0x40], [0x40], [0x40], [0x40], [0x40], [0x40], Encoded.Map32(Encoded.Symbol("f"), [0x00, .. Encoded.Symbol("f"), .. Encoded.String("x > 1")])));
        var bytes = Encoded.Described(0x12, Encoded.List32(
            Encoded.String("l"), [0x43], [0x41], [0x40], [0x50, 1], source, Encoded.Described(0x29, 0x45), [0x40], [0x40], [0x40], [0x80, 0, 0, 0, 0, 0, 4, 0, 0]));

        Assert.True(Attach.TryRead(bytes, out var attach, out var fault), fault.Describe());
        Assert.Equal(("l", 0u, true, (byte)2, false), (attach.Name, attach.Handle, attach.IsReceiver, attach.SenderSettleMode, attach.HasSenderSettleMode));
        Assert.Equal((1, true, 262_144ul), (attach.ReceiverSettleMode, attach.HasReceiverSettleMode, attach.MaxMessageSize!.Value));
        Assert.Equal(source, attach.Source);
        Assert.True(Terminus.TryRead(attach.Source, out var terminus, out _));
        Assert.True(terminus.IsSource);
        Assert.Equal("q", terminus.Address);
        Assert.True(terminus.Filters!.TryGet("f", out var filter));
        Assert.Equal("x > 1", Assert.IsType<AmqpDescribed>(filter).Value);
        Assert.True(Terminus.TryRead(attach.Target, out var target, out _));
        Assert.Null(target.Address);
        Assert.False(target.IsSource);
    }

    [Theory]
    [InlineData("00 53 28 c0 04 01 a3 01 71", "q")]
    [InlineData("00 53 29 c0 04 01 a1 01 71", "q")]
    [InlineData("00 53 29 c0 02 01 43", null)]
    [InlineData("00 53 30 c0 04 01 a3 01 71", null)]
    public void An_address_is_a_string_or_a_symbol_and_else_none(string hex, string? address)
    {
        Assert.True(Terminus.TryRead(Encoded.Hex(hex), out var terminus, out _));
        Assert.Equal(address, terminus.Address);
        Assert.Equal(hex.StartsWith("00 53 30", StringComparison.Ordinal), terminus.IsCoordinator);
    }

    [Fact]
    public void Transfer_with_tag_and_payload()
    {
        var bytes = Encoded.Hex("00 53 14 c0 10 07 43 52 05 a0 02 01 02 70 80 01 37 00 42 41 40 00 53 75 a0 01 aa");

        Assert.True(Transfer.TryRead(bytes, out var transfer, out var fault), fault.Describe());
        Assert.Equal((0u, 5u, true, BatchReader.MessageFormat), (transfer.Handle, transfer.DeliveryId!.Value, transfer.HasTag, transfer.MessageFormat));
        Assert.Equal([1, 2], transfer.DeliveryTag.ToArray());
        Assert.False(transfer.Settled);
        Assert.True(transfer.More);
        Assert.Null(transfer.ReceiverSettleMode);
        Assert.Equal(Encoded.Hex("00 53 75 a0 01 aa"), transfer.Payload.ToArray());
    }

    [Fact]
    public void Every_optional_field_of_a_transfer_comes_back()
    {
        for (var bits = 0; bits < 1 << 10; bits++)
        {
            var (has, expected) = (bits, Encoded.Described(0x24, 0x45));
            bool Has(int bit) => (has & (1 << bit)) != 0;
            var bytes = Encoded.By(writer => new Transfer
            {
                Handle = 300,
                DeliveryId = Has(0) ? uint.MaxValue : null,
                HasTag = Has(1),
                DeliveryTag = Has(1) ? new byte[32] : default,
                MessageFormat = Has(2) ? BatchReader.MessageFormat : 0,
                Settled = Has(3) ? Has(4) : null,
                More = Has(5),
                ReceiverSettleMode = Has(6) ? (byte)1 : null,
                State = Has(7) ? expected : default,
                Resume = Has(8),
                Aborted = Has(9),
                Batchable = Has(4),
            }.Write(writer));

            Assert.True(Transfer.TryRead([.. bytes, 0xff], out var back, out var fault), fault.Describe());
            Assert.Equal((300u, Has(0) ? uint.MaxValue : null, Has(1), Has(1) ? 32 : 0), (back.Handle, back.DeliveryId, back.HasTag, back.DeliveryTag.Length));
            Assert.Equal((Has(2) ? BatchReader.MessageFormat : 0, Has(3) ? Has(4) : null, Has(5)), (back.MessageFormat, back.Settled, back.More));
            Assert.Equal((Has(6) ? (byte?)1 : null, Has(8), Has(9), Has(4)), (back.ReceiverSettleMode, back.Resume, back.Aborted, back.Batchable));
            Assert.Equal(Has(7) ? expected : [], back.State.ToArray());
            Assert.Equal([0xff], back.Payload.ToArray());
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.False(Transfer.TryRead(bytes.AsSpan(0, length), out _, out _));
            }
        }
    }

    [Theory]
    [InlineData("00 53 15 c0 0a 05 41 43 52 09 41 00 53 24 45", Outcome.Accepted)]
    [InlineData("00 53 15 c0 0a 05 41 43 52 09 41 00 53 26 45", Outcome.Released)]
    [InlineData("00 53 15 c0 0a 05 41 43 52 09 41 00 53 27 45", Outcome.Modified)]
    [InlineData("00 53 15 c0 0a 05 41 43 52 09 41 00 53 25 45", Outcome.Rejected)]
    [InlineData("00 53 15 c0 0a 05 41 43 52 09 41 00 53 34 45", Outcome.Other)]
    [InlineData("00 53 15 c0 0e 05 41 43 52 09 41 00 53 23 c0 03 02 43 44", Outcome.Received)]
    [InlineData("00 53 15 c0 07 05 41 43 52 09 41 40", Outcome.None)]
    public void Disposition_with_each_state(string hex, Outcome outcome)
    {
        Assert.True(Disposition.TryRead(Encoded.Hex(hex), out var disposition, out var fault), fault.Describe());
        Assert.Equal((true, 0u, 9u, true), (disposition.IsReceiver, disposition.First, disposition.Last!.Value, disposition.Settled));
        Assert.Equal(outcome, disposition.State);
        Assert.Null(disposition.Error);
    }

    [Fact]
    public void A_rejection_says_why()
    {
        var error = Encoded.Described(0x1d, Encoded.List32(Encoded.Symbol("amqp:not-found"), Encoded.String("why")));
        var bytes = Encoded.Described(0x15, Encoded.List32([0x41], [0x43], [0x40], [0x41], Encoded.Described(0x25, Encoded.List32(error))));

        Assert.True(Disposition.TryRead(bytes, out var disposition, out _));
        Assert.Equal("amqp:not-found: why", disposition.Error!.ToString());
    }

    [Theory]
    [InlineData("00 53 10 45", AmqpFault.MandatoryFieldMissing)]
    [InlineData("00 53 10 c0 02 01 40", AmqpFault.MandatoryFieldMissing)]
    [InlineData("00 53 10 c0 04 01 a3 01 63", AmqpFault.WrongType)]
    [InlineData("00 53 10 40", AmqpFault.WrongType)]
    [InlineData("00 53 10 c0 05 01 a1 01 63 40", AmqpFault.Malformed)]
    [InlineData("00 53 10 c0 04 02 a1 01 63", AmqpFault.Truncated)]
    [InlineData("00 53 11 c0 04 03 40 43 43", AmqpFault.UnknownPerformative)]
    [InlineData("00 a1 01 61 45", AmqpFault.Descriptor)]
    [InlineData("00 40 45", AmqpFault.Descriptor)]
    [InlineData("00 00 53 10 45 45", AmqpFault.Descriptor)]
    [InlineData("53 10", AmqpFault.WrongType)]
    public void A_broken_open_is_a_fault(string hex, AmqpFault expected)
    {
        Assert.False(Open.TryRead(Encoded.Hex(hex), out _, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Values_that_a_field_does_not_allow_are_faults()
    {
        Assert.False(Attach.TryRead(Encoded.Hex("00 53 12 c0 08 04 a1 01 6c 43 41 50 03"), out _, out var fault));
        Assert.Equal(AmqpFault.InvalidValue, fault);
        Assert.False(Attach.TryRead(Encoded.Hex("00 53 12 c0 09 05 a1 01 6c 43 41 40 50 02"), out _, out fault));
        Assert.Equal(AmqpFault.InvalidValue, fault);
        Assert.False(Transfer.TryRead(Encoded.Described(0x14, Encoded.List32([0x43], [0x43], [0xa0, 33, .. new byte[33]])), out _, out fault));
        Assert.Equal(AmqpFault.InvalidValue, fault);
        Assert.False(SaslOutcome.TryRead(Encoded.Hex("00 53 44 c0 03 01 50 05"), out _, out fault));
        Assert.Equal(AmqpFault.InvalidValue, fault);
        Assert.False(SaslMechanisms.TryRead(Encoded.Hex("00 53 40 c0 02 01 40"), out _, out fault));
        Assert.Equal(AmqpFault.MandatoryFieldMissing, fault);
    }

    [Fact]
    public void Sasl_init_shows_no_secret_as_text()
    {
        Assert.True(SaslInit.TryRead(Encoded.Hex("00 53 41 c0 11 03 a3 05 50 4c 41 49 4e a0 04 00 75 00 70 a1 01 68"), out var init, out var fault), fault.Describe());
        Assert.Equal(("PLAIN", "h"), (init.Mechanism, init.HostName));
        Assert.Equal("\0u\0p"u8.ToArray(), init.InitialResponse);
        Assert.DoesNotContain("PLAIN", init.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_fault_has_its_words_and_a_condition()
    {
        var faults = Enum.GetValues<AmqpFault>().Where(static fault => fault != AmqpFault.None).ToList();

        Assert.Equal(faults.Count, faults.Select(static fault => fault.Describe()).Distinct().Count());
        Assert.DoesNotContain("none", faults.Select(static fault => fault.Describe()));
        Assert.Equal(AmqpConditions.FramingError, AmqpFault.FrameTooLarge.Condition());
        Assert.Equal(AmqpConditions.InvalidField, AmqpFault.MandatoryFieldMissing.Condition());
        Assert.Equal(AmqpConditions.DecodeError, AmqpFault.TooDeep.Condition());
    }
}
