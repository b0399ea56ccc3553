using System.Buffers;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Wire.Tests.Mqtt;

public sealed class ConnectPacketTests
{
    [Fact]
    public void Every_field_is_read()
    {
        var bytes = Packets.Connect("d/m", 0xf6 & ~0x10 | 0x08, keepAlive: 240, payload: [Packets.Text("topic"), Packets.Binary([0, 255]), Packets.Text("user"), Packets.Text("secret")]);

        Assert.Equal(MqttFault.None, Read(bytes, out var packet));

        Assert.Equal("d/m", packet!.ClientId);
        Assert.True(packet.CleanSession);
        Assert.Equal(240, packet.KeepAliveSeconds);
        Assert.Equal("user", packet.UserName);
        Assert.Equal("secret", packet.Password);
        Assert.Equal("topic"u8, packet.Will!.Topic.Span);
        Assert.Equal([0, 255], packet.Will.Message.ToArray());
        Assert.Equal(1, packet.Will.Qos);
        Assert.True(packet.Will.Retain);
        Assert.DoesNotContain("secret", packet.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Flags_that_are_off_give_null_and_an_empty_password_stays_empty()
    {
        Assert.Equal(MqttFault.None, Read(Packets.Connect("d", 0), out var bare));
        Assert.Null(bare!.UserName);
        Assert.Null(bare.Password);
        Assert.Null(bare.Will);
        Assert.Equal(MqttFault.None, Read(Packets.Connect("d", payload: [Packets.Text("u"), Packets.Text("")]), out var empty));
        Assert.Equal("", empty!.Password);
    }

    [Theory]
    [InlineData("MQTT", 5, MqttFault.Version5)]
    [InlineData("MQIsdp", 3, MqttFault.Version3)]
    [InlineData("MQTT", 3, MqttFault.UnknownProtocol)]
    [InlineData("mqtt", 4, MqttFault.UnknownProtocol)]
    public void Another_protocol_is_told_apart(string protocol, byte level, MqttFault expected) =>
        Assert.Equal(expected, Read(Packets.Connect("d", 0, level, protocol), out _));

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x40)]
    [InlineData(0x08)]
    [InlineData(0x20)]
    [InlineData(0x1c)]
    public void Flags_that_contradict_each_other_are_a_fault(byte flags) => Assert.Equal(MqttFault.ConnectFlags, Read(Packets.Connect("d", flags), out _));

    [Fact]
    public void A_packet_cut_anywhere_is_truncated_and_one_byte_more_is_a_fault()
    {
        var bytes = Packets.Connect("d", payload: [Packets.Text("u"), Packets.Text("p")]);
        for (var length = 2; length < bytes.Length; length++)
        {
            Assert.Equal(MqttFault.Truncated, ConnectPacket.TryRead(new ReadOnlySequence<byte>(bytes[2..length]), out _));
        }

        Assert.Equal(MqttFault.TrailingBytes, ConnectPacket.TryRead(new ReadOnlySequence<byte>([.. bytes[2..], 0]), out _));
    }

    [Theory]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0x61, 0 })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    public void A_client_id_that_is_no_text_is_a_fault(byte[] clientId)
    {
        var bytes = Packets.Frame(0x10, Packets.Text("MQTT"), [4, 0, 0, 0], Packets.Binary(clientId));

        Assert.Equal(MqttFault.InvalidText, Read(bytes, out _));
    }

    private static MqttFault Read(byte[] bytes, out ConnectPacket? packet)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(MqttFrame.TryRead(ref buffer, 100_000, out var frame, out _));
        return ConnectPacket.TryRead(frame.Body, out packet);
    }
}
