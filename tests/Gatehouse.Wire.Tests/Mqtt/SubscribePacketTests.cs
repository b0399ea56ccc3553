using System.Buffers;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Wire.Tests.Mqtt;

public sealed class SubscribePacketTests
{
    [Fact]
    public void Filters_are_read_in_order()
    {
        var frame = Packets.Frame(0x82, Packets.Number(9), Packets.Text("a"), [1], Packets.Text("b/#"), [0]);

        Assert.Equal(MqttFault.None, Read(frame, out var packet));
        Assert.Equal(9, packet!.PacketId);
        Assert.Equal([new RequestedFilter("a", 1), new RequestedFilter("b/#", 0)], packet.Filters);
    }

    [Fact]
    public void An_unsubscribe_has_no_qos()
    {
        Assert.Equal(MqttFault.None, Read(Packets.Frame(0xa2, Packets.Number(9), Packets.Text("a"), Packets.Text("b")), out var packet));
        Assert.Equal(["a", "b"], packet!.Filters.Select(filter => filter.Text));
    }

    [Theory]
    [InlineData(new byte[] { 0, 1 }, MqttFault.NoFilters)]
    [InlineData(new byte[] { 0, 0, 0, 1, 97, 0 }, MqttFault.PacketIdZero)]
    [InlineData(new byte[] { 0 }, MqttFault.Truncated)]
    [InlineData(new byte[] { 0, 1, 0, 1, 97 }, MqttFault.Truncated)]
    [InlineData(new byte[] { 0, 1, 0, 2, 97, 0 }, MqttFault.InvalidText)]
    [InlineData(new byte[] { 0, 1, 0, 1, 97, 3 }, MqttFault.InvalidQos)]
    public void A_malformed_one_is_a_fault(byte[] body, MqttFault expected) => Assert.Equal(expected, Read(Packets.Frame(0x82, body), out _));

    [Fact]
    public void The_acknowledgement_carries_a_code_for_each_filter()
    {
        Assert.Equal([0x90, 4, 0, 9, 1, 0], MqttWriter.SubscribeAcknowledgement(9, [1, 0]));
        Assert.Equal([0x90, 0x80, 1, 0, 9], MqttWriter.SubscribeAcknowledgement(9, new byte[126])[..5]);
    }

    [Theory]
    [InlineData(0x34, MqttFault.Qos2)]
    [InlineData(0x36, MqttFault.InvalidQos)]
    [InlineData(0x32, MqttFault.PacketIdZero)]
    public void A_publish_beyond_the_service_is_a_fault(byte header, MqttFault expected)
    {
        var buffer = new ReadOnlySequence<byte>(Packets.Frame(header, Packets.Text("t"), Packets.Number(0)));
        Assert.True(MqttFrame.TryRead(ref buffer, 100, out var frame, out _));

        Assert.Equal(expected, PublishPacket.TryRead(frame, new byte[PublishPacket.MaxTopicBytes], out _));
    }

    private static MqttFault Read(byte[] bytes, out SubscribePacket? packet)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(MqttFrame.TryRead(ref buffer, 1000, out var frame, out _));
        return SubscribePacket.TryRead(frame, out packet);
    }
}
