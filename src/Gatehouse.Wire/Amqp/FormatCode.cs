namespace Gatehouse.Wire.Amqp;

/// <summary>Type constructors. The high half is the width class. Source: AMQP 1.0 §1.2, §1.6.</summary>
internal static class FormatCode
{
    internal const byte Described = 0x00;
    internal const byte Null = 0x40;
    internal const byte True = 0x41;
    internal const byte False = 0x42;
    internal const byte UInt0 = 0x43;
    internal const byte ULong0 = 0x44;
    internal const byte List0 = 0x45;
    internal const byte UByte = 0x50;
    internal const byte Byte = 0x51;
    internal const byte SmallUInt = 0x52;
    internal const byte SmallULong = 0x53;
    internal const byte SmallInt = 0x54;
    internal const byte SmallLong = 0x55;
    internal const byte Boolean = 0x56;
    internal const byte UShort = 0x60;
    internal const byte Short = 0x61;
    internal const byte UInt = 0x70;
    internal const byte Int = 0x71;
    internal const byte Float = 0x72;
    internal const byte Char = 0x73;
    internal const byte Decimal32 = 0x74;
    internal const byte ULong = 0x80;
    internal const byte Long = 0x81;
    internal const byte Double = 0x82;
    internal const byte Timestamp = 0x83;
    internal const byte Decimal64 = 0x84;
    internal const byte Decimal128 = 0x94;
    internal const byte Uuid = 0x98;
    internal const byte Binary8 = 0xa0;
    internal const byte String8 = 0xa1;
    internal const byte Symbol8 = 0xa3;
    internal const byte Binary32 = 0xb0;
    internal const byte String32 = 0xb1;
    internal const byte Symbol32 = 0xb3;
    internal const byte List8 = 0xc0;
    internal const byte Map8 = 0xc1;
    internal const byte List32 = 0xd0;
    internal const byte Map32 = 0xd1;
    internal const byte Array8 = 0xe0;
    internal const byte Array32 = 0xf0;

    /// <summary>Bytes of a value whose constructor is 0x40–0x9f.</summary>
    internal static int Width(byte code) => code < 0x50 ? 0 : 1 << ((code >> 4) - 5);

    // A table, as every value of every message is looked up in it.
    private static readonly byte[] Kinds = MakeKinds();

    private const byte FixedKind = 1;
    private const byte VariableKind = 2;

    /// <summary>Whether values of this constructor have a fixed width, and it is one of the standard's.</summary>
    internal static bool IsFixed(byte code) => Kinds[code] == FixedKind;

    internal static bool IsVariable(byte code) => Kinds[code] == VariableKind;

    internal static bool IsList(byte code) => code is List0 or List8 or List32;

    internal static bool IsMap(byte code) => code is Map8 or Map32;

    internal static bool IsArray(byte code) => code is Array8 or Array32;

    private static byte[] MakeKinds()
    {
        var kinds = new byte[256];
        foreach (var code in (ReadOnlySpan<byte>)
            [Null, True, False, UInt0, ULong0, List0, UByte, Byte, SmallUInt, SmallULong, SmallInt, SmallLong, Boolean, UShort, Short, UInt, Int, Float, Char, Decimal32, ULong, Long, Double,
             Timestamp, Decimal64, Decimal128, Uuid])
        {
            kinds[code] = FixedKind;
        }

        foreach (var code in (ReadOnlySpan<byte>)[Binary8, String8, Symbol8, Binary32, String32, Symbol32])
        {
            kinds[code] = VariableKind;
        }

        return kinds;
    }
}
