using CsCheck;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

public sealed class ObjectTreeTests
{
    [Fact]
    public void What_is_written_is_read_again_and_fills_its_bytes() => Trees.Any.Sample(
        tree =>
        {
            var bytes = Encoded.Object(tree);
            var reader = new AmqpReader(bytes);

            Assert.True(reader.TryReadObject(out var read), reader.Fault.Describe());
            Assert.Equal(Trees.Describe(tree), Trees.Describe(read));
            Assert.True(reader.IsAtEnd);
            Assert.Equal(bytes, Encoded.Object(read));
        },
        iter: 1500);

    [Fact]
    public void A_value_is_skipped_and_cut_out_at_its_exact_length() => Trees.Any.Sample(
        tree =>
        {
            var bytes = Encoded.Object(tree);
            var skipping = new AmqpReader([.. bytes, 0x40]);
            var cutting = new AmqpReader([.. bytes, 0x40]);

            Assert.True(skipping.TrySkip());
            Assert.Equal(bytes.Length, skipping.Position);
            Assert.True(cutting.TryReadRaw(out var raw));
            Assert.Equal(bytes, raw.ToArray());
        },
        iter: 1500);

    [Fact]
    public void Every_prefix_of_a_value_is_refused_and_the_cursor_stays() => Trees.Any.Where(tree => Encoded.Object(tree).Length < 400).Sample(
        tree =>
        {
            var bytes = Encoded.Object(tree);
            for (var length = 0; length < bytes.Length; length++)
            {
                var reader = new AmqpReader(bytes.AsSpan(0, length));

                Assert.False(reader.TryReadObject(out _));
                Assert.NotEqual(AmqpFault.None, reader.Fault);
                Assert.Equal(0, reader.Position);
                Assert.False(reader.TrySkip());
            }
        },
        iter: 200);

    [Fact]
    public void Arrays_of_described_elements_repeat_their_descriptors()
    {
        // array8, size, count 2; described by symbol "a", described by ulong 5, ubyte: 1, 2.
        var reader = new AmqpReader(Encoded.Hex("e0 0b 02 00 a3 01 61 00 53 05 50 01 02"));

        Assert.True(reader.TryReadObject(out var value));
        Assert.Equal("<(symbol \"a\" @ (UInt64 5 @ Byte 1)), (symbol \"a\" @ (UInt64 5 @ Byte 2))>", Trees.Describe(value));
    }

    [Theory]
    [InlineData("e0 02 00 40")]
    [InlineData("e0 01 00")]
    [InlineData("f0 00000005 00000000 a1")]
    public void An_empty_array_may_name_its_type_or_not(string hex)
    {
        var reader = new AmqpReader(Encoded.Hex(hex));

        Assert.True(reader.TryReadObject(out var value));
        Assert.Empty(Assert.IsType<object?[]>(value));
    }

    [Fact]
    public void A_map_is_looked_up_by_text_whatever_the_type_of_the_key()
    {
        AmqpMap map = new() { { "a", 1 }, { new Symbol("b"), new Symbol("text") }, { 5UL, "number" }, { "a", 2 }, { "big", ulong.MaxValue } };

        Assert.True(map.TryGetInteger("a", out var first));
        Assert.Equal(1, first);
        Assert.True(map.TryGetText("b", out var text));
        Assert.Equal("text", text);
        Assert.False(map.TryGet("5", out _));
        Assert.False(map.TryGetInteger("big", out _));
        Assert.False(map.TryGetText("a", out _));
    }

    [Fact]
    public void What_has_no_encoding_is_a_bug_and_throws()
    {
        Assert.Throws<ArgumentException>(() => Encoded.Object(DateTimeOffset.UnixEpoch));
        Assert.Throws<ArgumentException>(() => Encoded.Object(new AmqpDescribed("text", 1)));
        Assert.Throws<ArgumentException>(() => Encoded.Object(new object?[] { 1, 2L }));
        Assert.Throws<ArgumentException>(() => Encoded.Object(new object?[] { new AmqpDescribed(1UL, 1), new AmqpDescribed(2UL, 1) }));
    }
}
