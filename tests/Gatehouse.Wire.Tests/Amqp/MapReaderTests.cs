using System.Text;
using CsCheck;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

public sealed class MapReaderTests
{
    [Theory]
    [InlineData("a1 02 c3 b6", "ö")]
    [InlineData("a3 01 61", "a")]
    [InlineData("41", "true")]
    [InlineData("56 00", "false")]
    [InlineData("50 ff", "255")]
    [InlineData("51 ff", "-1")]
    [InlineData("60 ff ff", "65535")]
    [InlineData("61 ff ff", "-1")]
    [InlineData("43", "0")]
    [InlineData("70 ff ff ff ff", "4294967295")]
    [InlineData("54 80", "-128")]
    [InlineData("71 80 00 00 00", "-2147483648")]
    [InlineData("80 ff ff ff ff ff ff ff ff", "18446744073709551615")]
    [InlineData("81 80 00 00 00 00 00 00 00", "-9223372036854775808")]
    [InlineData("72 3f c0 00 00", "1.5")]
    [InlineData("82 ff ef ff ff ff ff ff ff", "-1.7976931348623157E+308")]
    [InlineData("73 00 01 f6 00", "😀")]
    [InlineData("98 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff", "00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("83 00 00 01 8b cf e5 68 7b", "2023-11-14T22:13:20.123Z")]
    [InlineData("83 7f ff ff ff ff ff ff ff", "9223372036854775807")]
    [InlineData("83 80 00 00 00 00 00 00 00", "-9223372036854775808")]
    [InlineData("a0 01 61", "a")]
    [InlineData("a0 01 ff", "/w==")]
    [InlineData("40", "")]
    [InlineData("45", null)]
    [InlineData("c1 01 00", null)]
    [InlineData("e0 02 00 40", null)]
    [InlineData("00 53 01 41", null)]
    [InlineData("74 00 00 00 00", null)]
    public void Values_become_text(string hex, string? expected)
    {
        var map = new MapReader(Encoded.Map32(Encoded.String("k"), Encoded.Hex(hex)));
        Assert.True(map.Read());
        Assert.Equal("k"u8.ToArray(), map.Key.ToArray());
        var target = new byte[map.MaxTextBytes];

        Assert.Equal(expected is not null, map.TryFormatValue(target, out var written, out var isNull));
        Assert.Equal(expected ?? string.Empty, Encoding.UTF8.GetString(target, 0, written));
        Assert.Equal(hex == "40", isNull);
        Assert.Equal(hex == "40", map.IsNull);
        if (written > 0)
        {
            Assert.False(map.TryFormatValue(target.AsSpan(0, written - 1), out _, out _));
        }
    }

    [Fact]
    public void Text_always_fits_into_the_announced_room_or_there_is_none() => Trees.Any.Sample(
        value =>
        {
            AmqpMap pairs = new() { { "k", value } };
            var map = new MapReader(Encoded.Object(pairs));
            Assert.True(map.Read());

            var hasText = value is not (List<object?> or AmqpMap or object?[] or AmqpDescribed or AmqpDecimal);
            Assert.Equal(hasText, map.TryFormatValue(new byte[map.MaxTextBytes], out _, out _));
        },
        iter: 1000);

    [Fact]
    public void Values_are_had_by_their_type()
    {
        AmqpMap pairs = new()
        {
            { "int", 5 }, { new Symbol("long"), 1L << 40 }, { "text", "t" }, { 7UL, "reserved key" }, { "bool", true }, { "time", new AmqpTimestamp(3) }, { "big", ulong.MaxValue }, { "null", null },
        };
        var map = new MapReader(Encoded.Object(pairs));

        Assert.True(map.Read() && map.TryGetInt(out var number) && number == 5);
        Assert.False(map.TryGetString(out _) || map.TryGetBoolean(out _) || map.TryGetTimestamp(out _));
        Assert.True(map.Read() && map.TryGetInteger(out var wide) && wide == 1L << 40 && !map.TryGetInt(out _));
        Assert.True(map.Read() && map.TryGetString(out var text) && text.SequenceEqual("t"u8) && !map.TryGetInteger(out _));
        Assert.True(map.Read() && map.TryGetBoolean(out var boolean) && boolean);
        Assert.True(map.Read() && map.TryGetTimestamp(out var time) && time == 3);
        Assert.True(map.Read() && !map.TryGetInteger(out _));
        Assert.True(map.Read() && map.IsNull && !map.TryGetInteger(out _) && !map.TryGetString(out _) && !map.TryGetBoolean(out _) && !map.TryGetTimestamp(out _));
        Assert.False(map.Read());
        Assert.Equal(AmqpFault.None, map.Fault);
    }

    [Theory]
    [InlineData("", AmqpFault.None)]
    [InlineData("40", AmqpFault.None)]
    [InlineData("c1 01 00", AmqpFault.None)]
    [InlineData("45", AmqpFault.WrongType)]
    [InlineData("c1 03 02 40 40", AmqpFault.WrongType)]
    [InlineData("c1 03 02 41 40", AmqpFault.WrongType)]
    [InlineData("c1 05 02 a1 01 61", AmqpFault.Truncated)]
    [InlineData("c1 04 02 a1 01 61", AmqpFault.Truncated)]
    [InlineData("c1 06 02 a1 01 61 40 40", AmqpFault.Malformed)]
    [InlineData("c1 02 01 40", AmqpFault.OddMap)]
    public void A_map_ends_with_its_pairs_or_a_fault(string hex, AmqpFault expected)
    {
        var map = new MapReader(Encoded.Hex(hex));
        while (map.Read())
        {
        }

        Assert.Equal(expected, map.Fault);
    }
}
