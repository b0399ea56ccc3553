using System.Buffers.Binary;

namespace Gatehouse.Keys.Tpm;

/// <summary>Writes TPM structures: big-endian, sizes before bytes. TPM 2.0 Library, part 1 §11.</summary>
internal sealed class TpmMessage
{
    private readonly List<byte> bytes = [];

    internal byte[] ToArray() => [.. bytes];

    internal TpmMessage UInt16(ushort value) => Raw([(byte)(value >> 8), (byte)value]);

    internal TpmMessage UInt32(uint value)
    {
        Span<byte> four = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(four, value);
        return Raw(four);
    }

    internal TpmMessage Raw(ReadOnlySpan<byte> value)
    {
        bytes.AddRange(value);
        return this;
    }

    /// <summary>A TPM2B: two bytes of size, then the bytes.</summary>
    internal TpmMessage Sized(ReadOnlySpan<byte> value) => UInt16(checked((ushort)value.Length)).Raw(value);

    /// <summary>Overwrites what was written: it held a secret.</summary>
    internal void Clear()
    {
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes).Clear();
        bytes.Clear();
    }
}

/// <summary>Reads them.</summary>
internal ref struct TpmReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>Whether everything so far was there; what is read past the end is empty.</summary>
    internal bool IsWhole { get; private set; } = true;

    internal readonly bool IsAtEnd => rest.IsEmpty;

    internal ushort UInt16() => Take(sizeof(ushort)) is { Length: > 0 } two ? BinaryPrimitives.ReadUInt16BigEndian(two) : (ushort)0;

    internal uint UInt32() => Take(sizeof(uint)) is { Length: > 0 } four ? BinaryPrimitives.ReadUInt32BigEndian(four) : 0;

    internal ReadOnlySpan<byte> Sized() => Take(UInt16());

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            IsWhole = false;
            rest = default;
            return default;
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
