using System.Buffers;
using CsCheck;
using Gatehouse.Wire.Amqp;
using Gatehouse.Wire.Tests.Mqtt;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

public sealed class AmqpFrameTests
{
    [Fact]
    public void A_frame_reads_the_same_however_it_is_split_and_no_prefix_is_a_frame() => Gen.Select(Gen.Byte.Array[0, 60], Gen.UShort, Gen.Bool).Sample(
        (body, channel, isSasl) =>
        {
            var bytes = Encoded.By(writer =>
            {
                var mark = writer.BeginFrame(channel, isSasl ? AmqpFrame.SaslType : AmqpFrame.AmqpType);
                writer.Raw(body);
                writer.EndFrame(mark);
            });
            for (var size = 1; size <= bytes.Length; size++)
            {
                var split = Packets.Cut([.. bytes, 0xff], size);
                var prefix = Packets.Cut(bytes[..(size - 1)], 3);

                Assert.True(AmqpFrame.TryRead(ref split, 512, out var frame, out _));
                Assert.Equal((isSasl ? 1 : 0, channel, body.Length == 0), (frame.Type, frame.Channel, frame.IsEmpty));
                Assert.Equal(body, frame.Body.ToArray());
                Assert.Equal(1, split.Length);
                Assert.False(AmqpFrame.TryRead(ref prefix, 512, out _, out var fault));
                Assert.Equal(AmqpFault.None, fault);
                Assert.Equal(size - 1, prefix.Length);
            }
        },
        iter: 100);

    [Fact]
    public void An_extended_header_is_passed_over()
    {
        var buffer = new ReadOnlySequence<byte>(Encoded.Hex("00 00 00 0e 03 00 00 07 de ad be ef 01 02"));

        Assert.True(AmqpFrame.TryRead(ref buffer, 512, out var frame, out _));
        Assert.Equal([1, 2], frame.Body.ToArray());
        Assert.Equal(7, frame.Channel);
    }

    [Theory]
    [InlineData("00 00 02 00 02 00 00 00", AmqpFault.None)]
    [InlineData("00 00 02 01", AmqpFault.FrameTooLarge)]
    [InlineData("ff ff ff ff", AmqpFault.FrameTooLarge)]
    [InlineData("80 00 00 00 02 00 00 00", AmqpFault.FrameTooLarge)]
    [InlineData("00 00 00 07", AmqpFault.FrameTooSmall)]
    [InlineData("00 00 00 00", AmqpFault.FrameTooSmall)]
    [InlineData("00 00 00 08 01 00 00 00", AmqpFault.DataOffset)]
    [InlineData("00 00 00 08 00 00 00 00", AmqpFault.DataOffset)]
    [InlineData("00 00 00 08 03 00 00 00", AmqpFault.DataOffset)]
    [InlineData("00 00 01 00 ff 00 00 00", AmqpFault.DataOffset)]
    [InlineData("00 00 00 08 02 02 00 00", AmqpFault.UnknownFrameType)]
    [InlineData("47 45 54 20", AmqpFault.FrameTooLarge)]
    public void A_header_is_judged_before_the_bytes_of_the_frame_arrive(string hex, AmqpFault expected)
    {
        var buffer = new ReadOnlySequence<byte>(Encoded.Hex(hex));

        Assert.False(AmqpFrame.TryRead(ref buffer, 512, out _, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void A_protocol_header_is_one_of_three()
    {
        Assert.True(ProtocolHeader.TryRead(Encoded.Hex("41 4d 51 50 00 01 00 00 ff"), out var kind));
        Assert.Equal(ProtocolKind.Amqp, kind);
        Assert.True(ProtocolHeader.TryRead(Encoded.Hex("41 4d 51 50 03 01 00 00"), out kind));
        Assert.Equal(ProtocolKind.Sasl, kind);
        Assert.True(ProtocolHeader.TryRead(Encoded.Hex("41 4d 51 50 02 01 00 00"), out kind));
        Assert.Equal(ProtocolKind.Tls, kind);
        Assert.False(ProtocolHeader.TryRead(Encoded.Hex("41 4d 51 50 00 00 09 01"), out kind));
        Assert.Equal(ProtocolKind.Unknown, kind);
        Assert.False(ProtocolHeader.TryRead("AMQP"u8, out _));
        Assert.True(ProtocolHeader.CanBecome("AMQP"u8));
        Assert.True(ProtocolHeader.CanBecome([]));
        Assert.False(ProtocolHeader.CanBecome("GET"u8));
        Assert.False(ProtocolHeader.CanBecome([.. "AMQP"u8, 1]));
    }

    [Fact]
    public void A_buffer_owns_nothing_before_the_first_byte_and_after_release()
    {
        var buffer = new AmqpBuffer();
        Assert.Equal(0, buffer.Capacity);

        buffer.Write([1, 2, 3]);
        "xyz"u8.CopyTo(buffer.GetSpan(600));
        buffer.Advance(3);
        Assert.Equal([1, 2, 3, .. "xyz"u8], buffer.Written.ToArray());

        buffer.RemoveFirst(2);
        Assert.Equal([3, .. "xyz"u8], buffer.WrittenMemory.ToArray());
        buffer.Truncate(1);
        buffer.At(0)[0] = 9;
        Assert.Equal([9], buffer.Written.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Truncate(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(-1));

        buffer.Release();
        Assert.Equal((0, 0), (buffer.Length, buffer.Capacity));
    }
}
