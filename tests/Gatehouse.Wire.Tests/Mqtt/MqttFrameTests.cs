using System.Buffers;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Wire.Tests.Mqtt;

public sealed class MqttFrameTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(300_000)]
    public void A_frame_is_cut_at_its_length_and_no_earlier(int size)
    {
        var packet = Packets.Frame(0x30, new byte[size]);
        byte[] stream = [.. packet, 0xc0];
        var whole = new ReadOnlySequence<byte>(stream);
        var missingOne = new ReadOnlySequence<byte>(packet, 0, packet.Length - 1);

        Assert.False(MqttFrame.TryRead(ref missingOne, 300_000, out _, out var fault));
        Assert.Equal(MqttFault.None, fault);
        Assert.True(MqttFrame.TryRead(ref whole, 300_000, out var frame, out _));
        Assert.Equal(size, frame.Body.Length);
        Assert.Equal(1, whole.Length);
    }

    [Fact]
    public void A_frame_reads_the_same_however_it_is_split()
    {
        var packet = Packets.Frame(0x32, Packets.Text("devices/d/messages/events/a=b"), Packets.Number(7), "body"u8.ToArray());
        for (var size = 1; size <= packet.Length; size++)
        {
            var buffer = Packets.Cut(packet, size);

            Assert.True(MqttFrame.TryRead(ref buffer, 1000, out var frame, out _));
            Assert.Equal(MqttFault.None, PublishPacket.TryRead(frame, new byte[PublishPacket.MaxTopicBytes], out var publish));
            Assert.Equal("devices/d/messages/events/a=b"u8, publish.Topic);
            Assert.Equal(7, publish.PacketId);
            Assert.Equal("body"u8, publish.Payload.ToArray());
        }
    }

    [Fact]
    public void A_frame_over_the_limit_is_a_fault_before_its_bytes_arrive()
    {
        var buffer = new ReadOnlySequence<byte>([0x30, 0x81, 0x08]);

        Assert.False(MqttFrame.TryRead(ref buffer, 1024, out _, out var fault));
        Assert.Equal(MqttFault.PacketTooLarge, fault);
    }

    [Theory]
    [InlineData(new byte[] { 0x30, 0xff, 0xff, 0xff, 0xff }, MqttFault.LengthTooLong)]
    [InlineData(new byte[] { 0x00, 0 }, MqttFault.UnexpectedPacket)]
    [InlineData(new byte[] { 0xf0, 0 }, MqttFault.UnexpectedPacket)]
    [InlineData(new byte[] { 0x80, 0 }, MqttFault.InvalidFlags)]
    [InlineData(new byte[] { 0xc1, 0 }, MqttFault.InvalidFlags)]
    [InlineData(new byte[] { 0x11, 0 }, MqttFault.InvalidFlags)]
    public void A_broken_fixed_header_is_a_fault(byte[] bytes, MqttFault expected)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);

        Assert.False(MqttFrame.TryRead(ref buffer, 1024, out _, out var fault));
        Assert.Equal(expected, fault);
    }
}
