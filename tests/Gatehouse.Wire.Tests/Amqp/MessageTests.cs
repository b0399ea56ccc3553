using System.Text;
using CsCheck;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

public sealed class MessageTests
{
    private static readonly byte[] Header = Encoded.Described(0x70, 0xc0, 2, 1, 0x41);
    private static readonly byte[] Annotations = Encoded.Described(0x72, Encoded.Map32(Encoded.Symbol("a"), [0x40]));
    private static readonly byte[] Properties = Encoded.Described(0x73, Encoded.List32(Encoded.String("id")));
    private static readonly byte[] Application = Encoded.Described(0x74, Encoded.Map32(Encoded.String("k"), Encoded.String("v")));
    private static readonly byte[] Data = Encoded.Described(0x75, 0xa0, 2, 7, 8);
    private static readonly byte[] Value = Encoded.Described(0x77, Encoded.String("text"));
    private static readonly byte[] Sequence = Encoded.Described(0x76, 0x45);

    [Fact]
    public void Sections_are_read_in_any_order() => Gen.Shuffle(new[] { Header, Annotations, Properties, Application, Data, Data }).Sample(
        sections =>
        {
            var reader = new MessageReader([.. sections.SelectMany(static section => section)]);
            foreach (var section in sections)
            {
                Assert.True(reader.Read());
                Assert.Equal(section[2], reader.Section);
                Assert.Equal(section[3..], reader.Value.ToArray());
            }

            Assert.False(reader.Read());
            Assert.Equal(AmqpFault.None, reader.Fault);
        },
        iter: 200);

    [Fact]
    public void No_message_has_a_section_twice_or_two_kinds_of_body()
    {
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Application, Data, Application));
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Properties, Properties));
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Value, Value));
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Data, Value));
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Value, Data));
        Assert.Equal(AmqpFault.SectionRepeated, Walk(Sequence, Data));
        Assert.Equal(AmqpFault.None, Walk(Sequence, Sequence));
        Assert.Equal(AmqpFault.None, Walk(Data, Header, Data));
        Assert.Equal(AmqpFault.None, Walk());
    }

    [Theory]
    [InlineData("00 53 6f 45", AmqpFault.UnknownSection)]
    [InlineData("00 53 79 45", AmqpFault.UnknownSection)]
    [InlineData("00 a3 01 78 45", AmqpFault.UnknownSection)]
    [InlineData("00 53 75 a1 01 61", AmqpFault.WrongType)]
    [InlineData("00 53 75 40", AmqpFault.WrongType)]
    [InlineData("00 53 73 c1 01 00", AmqpFault.WrongType)]
    [InlineData("00 53 74 45", AmqpFault.WrongType)]
    [InlineData("00 53 74 c1 02 01 40", AmqpFault.OddMap)]
    [InlineData("00 53 74 c1 05 02 a1 01 ff 40", AmqpFault.InvalidText)]
    [InlineData("00 53 74", AmqpFault.Truncated)]
    [InlineData("00 53 75 b0 7f ff ff ff 00", AmqpFault.Truncated)]
    [InlineData("75", AmqpFault.WrongType)]
    [InlineData("00 53 74 40", AmqpFault.None)]
    public void A_broken_section_is_a_fault(string hex, AmqpFault expected) => Assert.Equal(expected, Walk(Encoded.Hex(hex)));

    [Fact]
    public void All_properties_are_read_in_place()
    {
        var bytes = Encoded.By(static writer =>
        {
            var fields = new CompositeWriter(writer, Descriptors.Properties);
            fields.Object(new Guid("00112233-4455-6677-8899-aabbccddeeff"));
            fields.Binary("user"u8, isNull: false);
            fields.String("to"u8);
            fields.String("subject"u8);
            fields.String("reply"u8);
            fields.Object(300UL);
            fields.Symbol("application/json"u8);
            fields.Symbol("utf-8"u8);
            fields.Timestamp(1);
            fields.Timestamp(-1);
            fields.String("group"u8);
            fields.UInt(9);
            fields.String("reply-group"u8);
            fields.End();
        });
        var message = new MessageReader(bytes);
        Assert.True(message.Read());

        Assert.True(PropertiesReader.TryRead(message.Value, out var properties, out _));
        Assert.Equal((MessageIdKind.Uuid, "00112233-4455-6677-8899-aabbccddeeff"), (properties.MessageId.Kind, Text(properties.MessageId)));
        Assert.Equal((MessageIdKind.ULong, "300"), (properties.CorrelationId.Kind, Text(properties.CorrelationId)));
        Assert.Equal(Encoded.Hex("80 00 00 00 00 00 00 01 2c"), properties.CorrelationId.Raw.ToArray());
        Assert.Equal(["user", "to", "subject", "reply"], [Text(properties.UserId), Text(properties.To), Text(properties.Subject), Text(properties.ReplyTo)]);
        Assert.Equal(["application/json", "utf-8"], [Text(properties.ContentType), Text(properties.ContentEncoding)]);
        Assert.Equal((1, -1, 9u), (properties.AbsoluteExpiryTime!.Value, properties.CreationTime!.Value, properties.GroupSequence!.Value));
        Assert.Equal(["group", "reply-group"], [Text(properties.GroupId), Text(properties.ReplyToGroupId)]);
        for (var length = 0; length < message.Value.Length; length++)
        {
            Assert.False(PropertiesReader.TryRead(message.Value[..length], out _, out _));
        }
    }

    [Theory]
    [InlineData("40", MessageIdKind.None, "")]
    [InlineData("a1 02 61 62", MessageIdKind.String, "ab")]
    [InlineData("b1 00 00 00 02 61 62", MessageIdKind.String, "ab")]
    [InlineData("44", MessageIdKind.ULong, "0")]
    [InlineData("53 07", MessageIdKind.ULong, "7")]
    [InlineData("80 ff ff ff ff ff ff ff ff", MessageIdKind.ULong, "18446744073709551615")]
    [InlineData("a0 02 61 62", MessageIdKind.Binary, "ab")]
    [InlineData("a0 02 ff fe", MessageIdKind.Binary, "//4=")]
    public void A_message_id_keeps_its_type_and_has_a_text(string hex, MessageIdKind kind, string text)
    {
        var raw = Encoded.Hex(hex);

        Assert.True(PropertiesReader.TryRead(Encoded.List32(raw), out var properties, out _));
        Assert.Equal(kind, properties.MessageId.Kind);
        Assert.Equal(text, Text(properties.MessageId));
        Assert.Equal(kind == MessageIdKind.None ? [] : raw, properties.MessageId.Raw.ToArray());
        Assert.Equal(0, properties.MessageId.FormatTo([]));
    }

    [Fact]
    public void Properties_of_other_types_are_refused_but_addresses_may_be_anything()
    {
        Assert.False(PropertiesReader.TryRead(Encoded.List32([0x43]), out _, out var fault));
        Assert.Equal(AmqpFault.WrongType, fault);
        Assert.True(PropertiesReader.TryRead(Encoded.List32([0x40], [0x40], [0x43]), out var properties, out _));
        Assert.True(properties.To.IsEmpty);
        Assert.True(PropertiesReader.TryRead([0x45], out properties, out _));
        Assert.Equal(MessageIdKind.None, properties.MessageId.Kind);
    }

    [Fact]
    public void Bodies_are_data_or_a_value_that_is_text_or_bytes()
    {
        Assert.True(MessageBody.TryReadData(Encoded.Hex("a0 02 07 08"), out var bytes));
        Assert.Equal([7, 8], bytes.ToArray());
        Assert.False(MessageBody.TryReadData(Encoded.Hex("40"), out _));
        Assert.True(MessageBody.TryReadValue(Encoded.Hex("a1 01 61"), out bytes));
        Assert.Equal("a"u8.ToArray(), bytes.ToArray());
        Assert.True(MessageBody.TryReadValue(Encoded.Hex("b0 00 00 00 01 00"), out bytes));
        Assert.Equal([0], bytes.ToArray());
        Assert.True(MessageBody.TryReadValue(Encoded.Hex("40"), out bytes));
        Assert.True(bytes.IsEmpty);
        Assert.False(MessageBody.TryReadValue(Encoded.Hex("45"), out _));
    }

    [Fact]
    public void A_batch_is_one_message_a_data_section()
    {
        byte[] inner = [.. Properties, .. Application, .. Annotations, .. Data];
        byte[] batch = [.. Annotations, 0x00, 0x53, 0x75, 0xa0, (byte)inner.Length, .. inner, .. Encoded.Described(0x75, 0xa0, 0), .. Properties];
        var reader = new BatchReader(batch);

        Assert.True(reader.Read());
        Assert.Equal(inner, reader.Message.ToArray());
        Assert.True(reader.Read());
        Assert.True(reader.Message.IsEmpty);
        Assert.False(reader.Read());
        Assert.Equal(AmqpFault.None, reader.Fault);

        var wrong = new BatchReader(Value);
        Assert.False(wrong.Read());
        Assert.Equal(AmqpFault.WrongType, wrong.Fault);
        var cut = new BatchReader(batch.AsSpan(0, batch.Length - 1));
        Assert.True(cut.Read() && cut.Read());
        Assert.False(cut.Read());
        Assert.Equal(AmqpFault.Truncated, cut.Fault);
    }

    private static AmqpFault Walk(params byte[][] sections)
    {
        var reader = new MessageReader([.. sections.SelectMany(static section => section)]);
        while (reader.Read())
        {
        }

        return reader.Fault;
    }

    private static string Text(MessageId id)
    {
        var target = new byte[id.MaxTextBytes];
        return Encoding.UTF8.GetString(target, 0, id.FormatTo(target));
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
