using CsCheck;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>What a peer may send to make a decoder allocate, recurse, spin or throw. Each is a value that is refused, at a bounded price.</summary>
public sealed class HostileBytesTests
{
    // What a refusal may allocate at all; the smallest bomb here would take hundreds of megabytes.
    private const long RefusalBytes = 256;

    private static readonly byte[] ThirtyTwoLists = Nested(AmqpLimits.Depth, static inner => Encoded.List32(inner), Encoded.List32());

    public static TheoryData<string, byte[], AmqpFault> Bombs() => new()
    {
        { "2,000,000,000 empty lists", Encoded.Compound32(0xf0, 2_000_000_000, [0x45]), AmqpFault.TooMany },
        { "2,000,000,000 nulls", Encoded.Compound32(0xf0, 2_000_000_000, [0x40]), AmqpFault.TooMany },
        { "2,000,000,000 trues", Encoded.Compound32(0xf0, 2_000_000_000, [0x41]), AmqpFault.TooMany },
        { "2,000,000,000 zero uints", Encoded.Compound32(0xf0, 2_000_000_000, [0x43]), AmqpFault.TooMany },
        { "2,000,000,000 zero ulongs", Encoded.Compound32(0xf0, 2_000_000_000, [0x44]), AmqpFault.TooMany },
        { "2,000,000,000 described empty lists", Encoded.Compound32(0xf0, 2_000_000_000, [0x00, 0x53, 0x10, 0x45]), AmqpFault.TooMany },
        { "one zero-width element too many", Encoded.Compound32(0xf0, AmqpLimits.ZeroWidthElements + 1, [0x45]), AmqpFault.TooMany },
        { "zero-width elements inside of arrays", Encoded.Compound32(0xf0, 1, [0xf0], Encoded.Compound32(0xf0, 2_000_000_000, [0x45])[1..]), AmqpFault.TooMany },
        { "an array with a negative count", Encoded.Compound32(0xf0, -1, [0x45]), AmqpFault.CountTooLarge },
        { "an array of many bytes", Encoded.Compound32(0xf0, 2_000_000_000, [0x50, 1]), AmqpFault.CountTooLarge },
        { "an array whose count times width overflows", Encoded.Compound32(0xf0, 0x20000000, [0x80]), AmqpFault.CountTooLarge },
        { "an array of many strings", Encoded.Compound32(0xf0, 2_000_000_000, [0xa1, 0]), AmqpFault.CountTooLarge },
        { "an array of many lists", Encoded.Compound32(0xf0, 2_000_000_000, [0xc0, 1, 0]), AmqpFault.CountTooLarge },
        { "an array of many arrays", Encoded.Compound32(0xf0, 2_000_000_000, [0xe0, 2, 0, 0x40]), AmqpFault.CountTooLarge },
        { "a list with a count beyond its bytes", Encoded.Compound32(0xd0, 2_000_000_000, [0x40]), AmqpFault.CountTooLarge },
        { "a list with a negative count", Encoded.Compound32(0xd0, -1, [0x40]), AmqpFault.CountTooLarge },
        { "a map with a count beyond its bytes", Encoded.Compound32(0xd1, 2_000_000_000, [0x40]), AmqpFault.CountTooLarge },
        { "a map with a key without a value", Encoded.Compound32(0xd1, 1, [0x40]), AmqpFault.OddMap },
        { "a list larger than the bytes", [0xd0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1], AmqpFault.Truncated },
        { "a list of negative size", [0xd0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1], AmqpFault.Truncated },
        { "a list too small for its count", [0xd0, 0, 0, 0, 3, 0, 0, 0, 0], AmqpFault.Malformed },
        { "a short list of size zero", [0xc0, 0, 0], AmqpFault.Malformed },
        { "a list with more bytes than values", [0xc0, 3, 1, 0x40, 0x40], AmqpFault.Malformed },
        { "an empty list with bytes", [0xd0, 0, 0, 0, 5, 0, 0, 0, 0, 0x40], AmqpFault.Malformed },
        { "a map with more bytes than pairs", [0xc1, 4, 2, 0x41, 0x41, 0x40], AmqpFault.Malformed },
        { "a list with fewer bytes than values", [0xc0, 3, 2, 0x50, 0x01, 0x40, 0x40], AmqpFault.Truncated },
        { "an array of bytes with one too many", [0xe0, 4, 1, 0x50, 1, 2], AmqpFault.Malformed },
        { "an array of strings with one too many", [0xe0, 4, 1, 0xa1, 0, 0], AmqpFault.Malformed },
        { "an array of nulls with bytes", [0xe0, 3, 1, 0x40, 0x40], AmqpFault.Malformed },
        { "a string larger than the bytes", [0xb1, 0x7f, 0xff, 0xff, 0xff, 0x61], AmqpFault.Truncated },
        { "a binary of negative size", [0xb0, 0xff, 0xff, 0xff, 0xff, 0x61], AmqpFault.Truncated },
        { "a string that is not UTF-8", [0xa1, 2, 0xc3, 0x28], AmqpFault.InvalidText },
        { "a string with a surrogate", [0xa1, 3, 0xed, 0xa0, 0x80], AmqpFault.InvalidText },
        { "a symbol that is not ASCII", [0xa3, 2, 0xc3, 0xb6], AmqpFault.InvalidText },
        { "a string in an array that is not UTF-8", Encoded.Compound32(0xf0, 1, [0xa1, 1, 0xff]), AmqpFault.InvalidText },
        { "a boolean of 2", [0x56, 2], AmqpFault.InvalidValue },
        { "a boolean of 2 in an array", [0xe0, 4, 2, 0x56, 1, 2], AmqpFault.InvalidValue },
        { "a char beyond Unicode", [0x73, 0, 0x11, 0, 0], AmqpFault.InvalidValue },
        { "a char that is a surrogate", [0x73, 0, 0, 0xd8, 0], AmqpFault.InvalidValue },
        { "a type that is unknown", [0x57], AmqpFault.UnknownType },
        { "an array of a type that is unknown", [0xe0, 3, 1, 0x46, 0], AmqpFault.UnknownType },
        { "a described descriptor", [0x00, 0x00, 0x53, 0x10, 0x45, 0x45], AmqpFault.Descriptor },
        { "a descriptor that is a list", [0x00, 0x45, 0x45], AmqpFault.Descriptor },
        { "a descriptor that is not ASCII", [0x00, 0xa3, 1, 0xff, 0x45], AmqpFault.InvalidText },
        { "nothing behind a descriptor", [0x00, 0x53, 0x10], AmqpFault.Truncated },
        { "one list too deep", Encoded.List32(ThirtyTwoLists[..]), AmqpFault.TooDeep },
        { "300 lists deep", Nested(300, static inner => Encoded.List32(inner), [0x40]), AmqpFault.TooDeep },
        { "300 maps deep", Nested(300, static inner => Encoded.Map32([0x40], inner), [0x40]), AmqpFault.TooDeep },
        { "300 arrays deep", [0xf0, .. Nested(300, static inner => Encoded.Compound32(0xf0, 1, [0xf0], inner)[1..], Encoded.Compound32(0xf0, 0, [0x40])[1..])], AmqpFault.TooDeep },
        { "60,000 descriptions", [.. Enumerable.Repeat<byte[]>([0x00, 0x44], 30_000).SelectMany(static part => part), 0x40], AmqpFault.TooDeep },
        { "300 descriptions of array elements", Encoded.Compound32(0xf0, 1, [.. Enumerable.Repeat<byte[]>([0x00, 0x44], 300).SelectMany(static part => part), 0x40]), AmqpFault.TooDeep },
    };

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)]
    public void A_bomb_is_refused_alone_and_in_every_place(string name, byte[] bomb, AmqpFault expected)
    {
        Assert.NotEmpty(name);
        var map = Encoded.Map32(Encoded.Symbol("x"), bomb);
        byte[] open = Encoded.Described(0x10, Encoded.List32(Encoded.String("c"), [0x40], [0x40], [0x40], [0x40], [0x40], [0x40], [0x40], [0x40], map));
        byte[] attach = Encoded.Described(0x12, Encoded.List32(Encoded.String("l"), [0x43], [0x41], [0x40], [0x40], Encoded.Described(0x28, Encoded.List32([0x40], [0x40], [0x40], [0x40], [0x40], map))));
        byte[] transfer = Encoded.Described(0x14, Encoded.List32([0x43], [0x40], [0x40], [0x40], [0x40], [0x40], [0x40], bomb));
        byte[] message = Encoded.Described(0x72, map);

        Assert.Equal(expected, Refused(bomb, static (bytes, out fault) =>
        {
            var reader = new AmqpReader(bytes);
            var isRead = reader.TryReadObject(out _);
            fault = reader.Fault;
            return isRead;
        }));
        Assert.Equal(expected, Refused(bomb, static (bytes, out fault) =>
        {
            var reader = new AmqpReader(bytes);
            var isRead = reader.TrySkip();
            fault = reader.Fault;
            return isRead;
        }));
        Assert.Contains(Refused(open, static (bytes, out fault) => Open.TryRead(bytes, out _, out fault)), Or(expected));
        Assert.Contains(Refused(attach, static (bytes, out fault) => Attach.TryRead(bytes, out _, out fault)), Or(expected));
        Assert.Contains(Refused(transfer, static (bytes, out fault) => Transfer.TryRead(bytes, out _, out fault)), Or(expected));
        Assert.Contains(Refused(message, static (bytes, out fault) =>
        {
            var reader = new MessageReader(bytes);
            var isRead = reader.Read();
            fault = reader.Fault;
            return isRead;
        }), Or(expected));
    }

    [Fact]
    public void The_limits_themselves_are_allowed()
    {
        Assert.True(new AmqpReader(ThirtyTwoLists).TryReadObject(out _));
        Assert.True(new AmqpReader(Encoded.Compound32(0xf0, AmqpLimits.ZeroWidthElements, [0x45])).TryReadObject(out var lists));
        Assert.Equal(AmqpLimits.ZeroWidthElements, Assert.IsType<object?[]>(lists).Length);
        Assert.True(new AmqpReader([.. Enumerable.Repeat<byte[]>([0x00, 0x44], AmqpLimits.Depth).SelectMany(static part => part), 0x40]).TryReadObject(out _));

        Assert.True(new AmqpReader(Encoded.List32([.. Enumerable.Repeat<byte[]>([0x40], AmqpLimits.Objects - 1)])).TryReadObject(out _));
        var reader = new AmqpReader(Encoded.List32([.. Enumerable.Repeat<byte[]>([0x40], AmqpLimits.Objects)]));
        Assert.False(reader.TryReadObject(out _));
        Assert.Equal(AmqpFault.TooMany, reader.Fault);
        Assert.True(reader.TrySkip());

        var symbols = Encoded.Compound32(0xf0, AmqpLimits.Symbols, [0xa3, .. new byte[AmqpLimits.Symbols]]);
        Assert.True(new AmqpReader(symbols).TryReadSymbols(out _));
        reader = new AmqpReader(Encoded.Compound32(0xf0, AmqpLimits.Symbols + 1, [0xa3, .. new byte[AmqpLimits.Symbols + 1]]));
        Assert.False(reader.TryReadSymbols(out _));
        Assert.Equal(AmqpFault.TooMany, reader.Fault);
        Assert.Equal(0, reader.Position);
    }

    [Fact]
    public void Announcements_that_are_each_allowed_do_not_add_up()
    {
        // 3,000 arrays of 256 empty lists each: 768,000 objects in 21 kB.
        var bytes = Encoded.List32([.. Enumerable.Repeat<byte[]>([0xf0, 0, 0, 0, 5, 0, 0, 1, 0, 0x45], 3000)]);

        Assert.Equal(AmqpFault.TooMany, Refused(bytes, ReadObject, bound: 512 * 1024));
    }

    [Fact]
    public void Small_values_add_up_however_they_are_nested()
    {
        var fifty = Enumerable.Repeat<byte[]>([0x41], 50).ToArray();
        var pairs = Enumerable.Repeat<byte[]>([0x41, 0x41], 25).ToArray();
        byte[] array = Encoded.Compound32(0xf0, 50, [0x56, .. new byte[50]]);
        byte[] described = [0x00, 0x44, 0x00, 0x44, 0x40];

        Assert.True(new AmqpReader(Encoded.List32([.. Enumerable.Repeat(Encoded.List32(fifty), 80)])).TryReadObject(out _));
        Assert.Equal(AmqpFault.TooMany, Refused(Encoded.List32([.. Enumerable.Repeat(Encoded.List32(fifty), 81)]), ReadObject, bound: 512 * 1024));
        Assert.Equal(AmqpFault.TooMany, Refused(Encoded.List32([.. Enumerable.Repeat(Encoded.Compound32(0xd1, 50, pairs), 81)]), ReadObject, bound: 512 * 1024));
        Assert.Equal(AmqpFault.TooMany, Refused(Encoded.List32([.. Enumerable.Repeat(array, 81)]), ReadObject, bound: 512 * 1024));
        Assert.Equal(AmqpFault.TooMany, Refused(Encoded.List32([.. Enumerable.Repeat(described, 820)]), ReadObject, bound: 512 * 1024));
    }

    [Fact]
    public void A_long_descriptor_is_not_multiplied_by_the_elements_it_describes()
    {
        var symbol = new byte[60_000];
        symbol.AsSpan().Fill((byte)'x');
        var bytes = Encoded.Compound32(0xf0, AmqpLimits.ZeroWidthElements, [0x00, 0xb3, .. Encoded.Number(symbol.Length), .. symbol, 0x45]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.True(new AmqpReader(bytes).TryReadObject(out var value));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * symbol.Length) + (64 * 1024));
        Assert.IsType<AmqpDescribed>(Assert.IsType<object?[]>(value)[^1]);
    }

    [Fact]
    public void A_map_with_null_as_key_is_no_object()
    {
        var reader = new AmqpReader(Encoded.Map32([0x40], [0x41]));

        Assert.False(reader.TryReadObject(out _));
        Assert.Equal(AmqpFault.InvalidValue, reader.Fault);
        Assert.True(reader.TrySkip());
    }

    [Fact]
    public void Random_bytes_never_throw_and_never_cost_more_than_their_share() =>
        Gen.OneOf(Gen.Byte.Array[0, 400], Constructors.Array[0, 400], Gen.Select(Constructors.Array[0, 60], Gen.Int[0x10, 0x18]).Select((body, code) => Encoded.Described((ulong)code, body)))
            .Sample(
                bytes =>
                {
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    Everything.Read(bytes);
                    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
                },
                iter: 20_000);

    private delegate bool Read(ReadOnlySpan<byte> bytes, out AmqpFault fault);

    private static readonly byte[] Codes =
    [
        0x00, 0x40, 0x41, 0x43, 0x44, 0x45, 0x45, 0x45, 0x50, 0x52, 0x53, 0x54, 0x56, 0x60, 0x70, 0x73, 0x80, 0x83, 0x98, 0xa0, 0xa1, 0xa3, 0xb0, 0xb1, 0xb3,
        0xc0, 0xc0, 0xc0, 0xc1, 0xc1, 0xd0, 0xd1, 0xe0, 0xe0, 0xe0, 0xf0,
    ];

    /// <summary>Bytes that are mostly constructors, small sizes and small counts.</summary>
    private static Gen<byte> Constructors { get; } = Gen.OneOf(
        Gen.Byte[0, 12],
        Gen.Int[0, Codes.Length - 1].Select(static index => Codes[index]),
        Gen.Byte);

    private static bool ReadObject(ReadOnlySpan<byte> bytes, out AmqpFault fault)
    {
        var reader = new AmqpReader(bytes);
        var isRead = reader.TryReadObject(out _);
        fault = reader.Fault;
        return isRead;
    }

    private static AmqpFault Refused(byte[] bytes, Read read, long bound = RefusalBytes)
    {
        _ = read(bytes, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = read(bytes, out var fault);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.False(isRead);
        Assert.InRange(allocated, 0, bound);
        return fault;
    }

    // Around it there are more levels, so the depth may be what is noticed first; the type of a field is noticed before its content.
    private static AmqpFault[] Or(AmqpFault expected) => [expected, AmqpFault.TooDeep];

    private static byte[] Nested(int depth, Func<byte[], byte[]> wrap, byte[] innermost)
    {
        for (var i = 1; i < depth; i++)
        {
            innermost = wrap(innermost);
        }

        return innermost;
    }
}
