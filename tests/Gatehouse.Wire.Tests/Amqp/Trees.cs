using System.Globalization;
using System.Text;
using CsCheck;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>Random object trees of every type, and their exact description: two trees are equal when their descriptions are.</summary>
internal static class Trees
{
    internal static Gen<string> Texts { get; } = Gen.OneOf(
        Gen.Const(string.Empty),
        Gen.String[Gen.Char[' ', '~'], 0, 20],
        Gen.String[Gen.Char['\0', '\u07ff'], 0, 300],
        Gen.OneOf(Gen.Const("ö"), Gen.Const("€"), Gen.Const("😀"), Gen.Const("a\0b")));

    internal static Gen<string> Ascii { get; } = Gen.OneOf(Gen.String[Gen.Char['!', '~'], 0, 20], Gen.String[Gen.Char['\0', '\u007f'], 250, 260]);

    internal static Gen<byte[]> Binaries { get; } = Gen.OneOf(Gen.Byte.Array[0, 20], Gen.Byte.Array[250, 260]);

    internal static Gen<object?> Scalars { get; } = Gen.OneOf(
        Gen.Const((object?)null),
        Gen.Bool.Select(Boxed),
        Gen.Byte.Select(Boxed),
        Gen.SByte.Select(Boxed),
        Gen.UShort.Select(Boxed),
        Gen.Short.Select(Boxed),
        Gen.OneOf(Gen.UInt, Gen.UInt[0, 300]).Select(Boxed),
        Gen.OneOf(Gen.Int, Gen.Int[-200, 200]).Select(Boxed),
        Gen.OneOf(Gen.ULong, Gen.ULong[0, 300]).Select(Boxed),
        Gen.OneOf(Gen.Long, Gen.Long[-200, 200]).Select(Boxed),
        Gen.Float.Select(Boxed),
        Gen.Double.Select(Boxed),
        Gen.Int[0, 0x10ffff].Where(Rune.IsValid).Select(value => Boxed(new Rune(value))),
        Gen.Long.Select(value => Boxed(new AmqpTimestamp(value))),
        Gen.Guid.Select(Boxed),
        Binaries.Select(Boxed),
        Texts.Select(Boxed),
        Ascii.Select(value => Boxed(new Symbol(value))),
        Gen.Int[2, 4].Select(power => 1 << power).SelectMany(size => Gen.Byte.Array[size]).Select(value => Boxed(new AmqpDecimal(value))));

    private static Gen<object> Descriptor { get; } = Gen.OneOf(Gen.ULong.Select(value => (object)value), Ascii.Select(value => (object)new Symbol(value)));

    internal static Gen<object?> Any { get; } = OfDepth(3);

    internal static Gen<AmqpMap> SymbolMaps { get; } = Gen.Select(Ascii, OfDepth(2)).Array[0, 5].Select(pairs => ToMap(pairs.Select(pair => ((object)new Symbol(pair.Item1), pair.Item2))));

    internal static string Describe(object? value) => value switch
    {
        null => "null",
        string v => $"string \"{v}\"",
        Symbol v => $"symbol \"{v.Value}\"",
        byte[] v => $"binary {Convert.ToHexString(v)}",
        float v => $"float {BitConverter.SingleToInt32Bits(v):x}",
        double v => $"double {BitConverter.DoubleToInt64Bits(v):x}",
        AmqpDecimal v => $"decimal {Convert.ToHexString(v.Bytes.Span)}",
        AmqpDescribed v => $"({Describe(v.Descriptor)} @ {Describe(v.Value)})",
        AmqpMap v => $"{{{string.Join(", ", v.Select(pair => $"{Describe(pair.Key)}: {Describe(pair.Value)}"))}}}",
        List<object?> v => $"[{string.Join(", ", v.Select(Describe))}]",
        object?[] v => $"<{string.Join(", ", v.Select(Describe))}>",
        _ when value.GetType().IsPrimitive || value is Guid or Rune or AmqpTimestamp or Enum => $"{value.GetType().Name} {string.Create(CultureInfo.InvariantCulture, $"{value}")}",
        _ => $"{value.GetType().Name} {{ {string.Join(", ", value.GetType().GetProperties().Select(property => $"{property.Name} = {Describe(property.GetValue(value))}"))} }}",
    };

    private static Gen<object?> OfDepth(int depth)
    {
        if (depth == 0)
        {
            return Scalars;
        }

        var inner = OfDepth(depth - 1);
        return Gen.Frequency(
            (4, Scalars),
            (1, inner.List[0, 6].Select(Boxed)),
            (1, Gen.Select(inner, inner).Array[0, 4].Select(pairs => Boxed(ToMap(pairs.Where(pair => pair.Item1 is not null).Select(pair => (pair.Item1!, pair.Item2)))))),
            (1, Gen.Select(Descriptor, inner).Select((descriptor, value) => Boxed(new AmqpDescribed(descriptor, value)))),
            (1, Arrays(inner)));
    }

    // Elements of one type: made of one value's kind, over and over.
    private static Gen<object?> Arrays(Gen<object?> inner) => Gen.OneOf(
        Gen.Bool.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.UInt.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Long.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Double.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Short.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Byte.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Guid.Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Const((object?)null).Array[0, 5].Select(Boxed),
        Texts.Select(Boxed).Array[0, 5].Select(Boxed),
        Binaries.Select(Boxed).Array[0, 5].Select(Boxed),
        Ascii.Select(value => Boxed(new Symbol(value))).Array[0, 5].Select(Boxed),
        Gen.Byte.Array[16].Select(value => Boxed(new AmqpDecimal(value))).Array[0, 5].Select(Boxed),
        inner.List[0, 3].Select(Boxed).Array[0, 5].Select(Boxed),
        Gen.Select(Texts, inner).Array[0, 3].Select(pairs => Boxed(ToMap(pairs.Select(pair => ((object)pair.Item1, pair.Item2))))).Array[0, 3].Select(Boxed),
        Gen.Int.Select(Boxed).Array[0, 3].Select(Boxed).Array[0, 3].Select(Boxed),
        Gen.Select(Descriptor, Descriptor, Gen.ULong.Array[0, 4]).Select((outer, middle, values) =>
            Boxed(values.Select(value => (object?)new AmqpDescribed(outer, new AmqpDescribed(middle, value))).ToArray())));

    private static AmqpMap ToMap(IEnumerable<(object Key, object? Value)> pairs)
    {
        var map = new AmqpMap();
        foreach (var (key, value) in pairs)
        {
            map.Add(key, value);
        }

        return map;
    }

    private static object? Boxed<T>(T value) => value;
}
