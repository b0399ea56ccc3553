using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>Vectors made by hand from AMQP 1.0 §1.6: every encoding of every type.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData("40", "null")]
    [InlineData("41", "Boolean True")]
    [InlineData("42", "Boolean False")]
    [InlineData("56 01", "Boolean True")]
    [InlineData("56 00", "Boolean False")]
    [InlineData("50 ff", "Byte 255")]
    [InlineData("60 01 02", "UInt16 258")]
    [InlineData("70 01 02 03 04", "UInt32 16909060")]
    [InlineData("52 ff", "UInt32 255")]
    [InlineData("43", "UInt32 0")]
    [InlineData("80 ff ff ff ff ff ff ff ff", "UInt64 18446744073709551615")]
    [InlineData("53 ff", "UInt64 255")]
    [InlineData("44", "UInt64 0")]
    [InlineData("51 ff", "SByte -1")]
    [InlineData("61 ff fe", "Int16 -2")]
    [InlineData("71 80 00 00 00", "Int32 -2147483648")]
    [InlineData("54 80", "Int32 -128")]
    [InlineData("81 ff ff ff ff ff ff ff fd", "Int64 -3")]
    [InlineData("55 80", "Int64 -128")]
    [InlineData("72 3f 80 00 00", "float 3f800000")]
    [InlineData("82 c0 00 00 00 00 00 00 00", "double c000000000000000")]
    [InlineData("74 01 02 03 04", "decimal 01020304")]
    [InlineData("84 01 02 03 04 05 06 07 08", "decimal 0102030405060708")]
    [InlineData("94 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10", "decimal 0102030405060708090A0B0C0D0E0F10")]
    [InlineData("73 00 01 f6 00", "Rune 😀")]
    [InlineData("83 ff ff ff ff ff ff ff ff", "AmqpTimestamp AmqpTimestamp { UnixMilliseconds = -1 }")]
    [InlineData("98 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff", "Guid 00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("a0 02 00 ff", "binary 00FF")]
    [InlineData("b0 00 00 00 02 00 ff", "binary 00FF")]
    [InlineData("a1 02 c3 b6", "string \"ö\"")]
    [InlineData("b1 00 00 00 02 c3 b6", "string \"ö\"")]
    [InlineData("a3 01 61", "symbol \"a\"")]
    [InlineData("b3 00 00 00 01 61", "symbol \"a\"")]
    [InlineData("45", "[]")]
    [InlineData("c0 01 00", "[]")]
    [InlineData("c0 03 02 40 41", "[null, Boolean True]")]
    [InlineData("d0 00 00 00 06 00 00 00 02 40 41", "[null, Boolean True]")]
    [InlineData("c1 01 00", "{}")]
    [InlineData("c1 06 02 a1 01 61 52 05", "{string \"a\": UInt32 5}")]
    [InlineData("d1 00 00 00 09 00 00 00 02 a3 01 61 52 05", "{symbol \"a\": UInt32 5}")]
    [InlineData("e0 04 02 50 01 02", "<Byte 1, Byte 2>")]
    [InlineData("f0 00 00 00 07 00 00 00 02 50 01 02", "<Byte 1, Byte 2>")]
    [InlineData("e0 02 03 45", "<[], [], []>")]
    [InlineData("e0 02 02 41", "<Boolean True, Boolean True>")]
    [InlineData("e0 04 02 56 00 01", "<Boolean False, Boolean True>")]
    [InlineData("e0 06 02 a3 01 61 01 62", "<symbol \"a\", symbol \"b\">")]
    [InlineData("e0 08 02 c0 01 00 03 02 41 42", "<[], [Boolean True, Boolean False]>")]
    [InlineData("e0 09 02 e0 03 01 50 01 02 02 41", "<<Byte 1>, <Boolean True, Boolean True>>")]
    [InlineData("00 53 24 45", "(UInt64 36 @ [])")]
    [InlineData("00 80 00 00 00 00 00 00 00 24 45", "(UInt64 36 @ [])")]
    [InlineData("00 a3 01 61 00 44 40", "(symbol \"a\" @ (UInt64 0 @ null))")]
    public void Each_encoding_is_read(string hex, string expected)
    {
        var reader = new AmqpReader(Encoded.Hex(hex));

        Assert.True(reader.TryReadObject(out var value), reader.Fault.Describe());
        Assert.Equal(expected, Trees.Describe(value));
        Assert.True(reader.IsAtEnd);
    }

    [Fact]
    public void Each_type_is_written_in_its_shortest_encoding()
    {
        Assert.Equal("40", Hex(static w => w.Null()));
        Assert.Equal("4142", Hex(static w => { w.Boolean(true); w.Boolean(false); }));
        Assert.Equal("50FF51FF", Hex(static w => { w.UByte(255); w.Byte(-1); }));
        Assert.Equal("60010261FFFE", Hex(static w => { w.UShort(258); w.Short(-2); }));
        Assert.Equal("4352FF7000000100", Hex(static w => { w.UInt(0); w.UInt(255); w.UInt(256); }));
        Assert.Equal("4453FF800000000000000100", Hex(static w => { w.ULong(0); w.ULong(255); w.ULong(256); }));
        Assert.Equal("5480547F7100000080", Hex(static w => { w.Int(-128); w.Int(127); w.Int(128); }));
        Assert.Equal("558081FFFFFFFFFFFFFF7F", Hex(static w => { w.Long(-128); w.Long(-129); }));
        Assert.Equal("830000000000000001", Hex(static w => w.Timestamp(1)));
        Assert.Equal("9800112233445566778899AABBCCDDEEFF", Hex(static w => w.Uuid(new Guid("00112233-4455-6677-8899-aabbccddeeff"))));
        Assert.Equal("A00100A102C3B6A10161A30161", Hex(static w => { w.Binary([0]); w.String("ö"); w.String("a"u8); w.Symbol("a"); }));
        Assert.Equal("40E00703A302616200" + "00", Hex(static w => { w.Symbols([]); w.Symbols(["ab", string.Empty, string.Empty]); }));
        Assert.Equal("005324", Hex(static w => w.Descriptor(Descriptors.Accepted)));
        Assert.Equal("00800000468C00000004", Hex(static w => w.Descriptor(0x468C00000004)));
    }

    [Fact]
    public void Lists_and_maps_take_the_form_that_fits()
    {
        Assert.Equal("45", Hex(static w => w.EndList(w.BeginList(), 0)));
        Assert.Equal("C10100", Hex(static w => w.EndMap(w.BeginMap(), 0)));
        Assert.Equal("C0050252015202", Hex(static w => { var mark = w.BeginList(); w.UInt(1); w.UInt(2); w.EndList(mark, 2); }));
        Assert.Equal("C0FF01A0FC", Hex(static w => { var mark = w.BeginList(); w.Binary(new byte[252]); w.EndList(mark, 1); })[..10]);
        Assert.Equal("D00000010300000001A0FD", Hex(static w => { var mark = w.BeginList(); w.Binary(new byte[253]); w.EndList(mark, 1); })[..22]);
        Assert.Equal("C006034540C10100", Hex(static w => { var outer = w.BeginList(); w.EndList(w.BeginList(), 0); w.Null(); w.EndMap(w.BeginMap(), 0); w.EndList(outer, 3); }));
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(70_000)]
    public void Long_texts_take_four_byte_sizes(int length)
    {
        var text = new string('x', length);
        var reader = new AmqpReader(Encoded.By(w => { w.String(text); w.Symbol(text); w.Binary(new byte[length]); w.Symbols([text, "y"]); }));

        Assert.True(reader.TryReadString(out var string1));
        Assert.True(reader.TryReadSymbol(out var symbol));
        Assert.True(reader.TryReadBinary(out var binary, out _));
        Assert.True(reader.TryReadSymbols(out var symbols));
        Assert.Equal(text, string1);
        Assert.Equal(text, symbol);
        Assert.Equal(length, binary.Length);
        Assert.Equal([text, "y"], symbols);
    }

    [Fact]
    public void Null_is_the_absence_of_every_type()
    {
        var reader = new AmqpReader(Enumerable.Repeat((byte)0x40, 16).ToArray());

        Assert.True(reader.TryReadBoolean(out var boolean) && boolean is null);
        Assert.True(reader.TryReadUByte(out var number1) && number1 is null);
        Assert.True(reader.TryReadUShort(out var number2) && number2 is null);
        Assert.True(reader.TryReadUInt(out var number3) && number3 is null);
        Assert.True(reader.TryReadULong(out var number4) && number4 is null);
        Assert.True(reader.TryReadInt(out var number5) && number5 is null);
        Assert.True(reader.TryReadLong(out var number6) && number6 is null);
        Assert.True(reader.TryReadTimestamp(out var time) && time is null);
        Assert.True(reader.TryReadUuid(out var uuid) && uuid is null);
        Assert.True(reader.TryReadBinary(out _, out var isNull) && isNull);
        Assert.True(reader.TryReadString(out var text) && text is null);
        Assert.True(reader.TryReadSymbols(out var symbols) && symbols.Length == 0);
        Assert.True(reader.TryReadMap(out var entries, out var count) && count == 0 && entries.IsAtEnd);
        Assert.True(reader.TryReadMapObject(out var map) && map is null);
        Assert.True(reader.TryReadNull());
        Assert.True(reader.TryReadObject(out var value) && value is null);
        Assert.True(reader.IsAtEnd);
        Assert.False(reader.TryReadNull());
    }

    [Fact]
    public void Another_type_is_refused_and_stays_to_be_read()
    {
        var reader = new AmqpReader(Encoded.Hex("53 07"));

        Assert.False(reader.TryReadUInt(out _));
        Assert.Equal(AmqpFault.WrongType, reader.Fault);
        Assert.False(reader.TryReadLong(out _));
        Assert.False(reader.TryReadString(out _));
        Assert.False(reader.TryReadBoolean(out _));
        Assert.False(reader.TryReadList(out _, out _));
        Assert.False(reader.TryReadMap(out _, out _));
        Assert.False(reader.TryReadSymbols(out _));
        Assert.False(reader.TryReadDescriptor(out _));
        Assert.False(reader.TryReadNull());
        Assert.True(reader.TryReadULong(out var number));
        Assert.Equal(7UL, number);
    }

    [Fact]
    public void Fields_behind_the_last_one_are_null_and_a_list_must_be_filled()
    {
        var reader = new AmqpReader(Encoded.Hex("c0 03 01 52 05 c0 04 01 52 05 40 c0 02 02 43"));

        Assert.True(reader.TryReadList(out var fields, out var count));
        Assert.Equal(1, count);
        Assert.True(fields.TryReadUInt(out var first) && first == 5);
        Assert.True(fields.IsAtEnd);
        Assert.True(fields.TryReadString(out var second) && second is null);
        Assert.True(fields.TryReadRaw(out var raw) && raw.IsEmpty);
        Assert.False(fields.TryReadDescriptor(out _));
        Assert.True(fields.TryEnd());

        Assert.True(reader.TryReadList(out var overfull, out _));
        Assert.False(overfull.TryEnd());
        Assert.Equal(AmqpFault.Malformed, overfull.Fault);

        Assert.False(reader.TryReadList(out _, out _));
        Assert.Equal(AmqpFault.CountTooLarge, reader.Fault);
    }

    [Fact]
    public void A_described_field_is_one_field()
    {
        // Two fields: described list of one, then 7.
        var reader = new AmqpReader(Encoded.Hex("c0 0a 02 00 53 25 c0 02 01 40 52 07"));

        Assert.True(reader.TryReadList(out var fields, out var count));
        Assert.Equal(2, count);
        Assert.True(fields.TryReadDescriptor(out var code) && code == Descriptors.Rejected);
        Assert.True(fields.TryReadList(out var inner, out _) && inner.TryEnd());
        Assert.False(fields.IsAtEnd);
        Assert.True(fields.TryReadUInt(out var last) && last == 7);
        Assert.True(fields.TryEnd());
    }

    [Theory]
    [InlineData("a3 01 61", "a")]
    [InlineData("e0 06 02 a3 01 61 01 62", "a b")]
    [InlineData("f0 00 00 00 0f 00 00 00 02 b3 00 00 00 01 61 00 00 00 01 62", "a b")]
    [InlineData("e0 02 00 a3", "")]
    [InlineData("45", null)]
    [InlineData("e0 03 01 50 01", null)]
    [InlineData("a1 01 61", null)]
    public void Several_symbols_are_one_or_an_array(string hex, string? expected)
    {
        var reader = new AmqpReader(Encoded.Hex(hex));

        Assert.Equal(expected is not null, reader.TryReadSymbols(out var symbols));
        Assert.Equal(expected ?? string.Empty, string.Join(' ', symbols));
    }

    private static string Hex(WriteValue write) => Convert.ToHexString(Encoded.By(write));
}
