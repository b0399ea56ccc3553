using System.Buffers.Binary;

namespace Gatehouse.Identity.Tpm;

/// <summary>Reads TPM structures: big-endian, sizes before bytes. After a field that is not all there, every further one is empty and <see cref="IsBroken"/> stays true.</summary>
internal ref struct TpmReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    internal bool IsBroken { get; private set; }

    internal readonly bool IsAtEnd => rest.IsEmpty;

    internal byte Byte() => Take(sizeof(byte)) is { IsEmpty: false } field ? field[0] : (byte)0;

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)) is { IsEmpty: false } field ? field : stackalloc byte[sizeof(ushort)]);

    internal uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)) is { IsEmpty: false } field ? field : stackalloc byte[sizeof(uint)]);

    internal ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)) is { IsEmpty: false } field ? field : stackalloc byte[sizeof(ulong)]);

    /// <summary>So many bytes.</summary>
    internal ReadOnlySpan<byte> Raw(int count) => Take(count);

    /// <summary>A TPM2B: two bytes of size, then so many bytes.</summary>
    internal ReadOnlySpan<byte> Sized() => Take(UInt16());

    private ReadOnlySpan<byte> Take(int count)
    {
        if (IsBroken || count > rest.Length)
        {
            IsBroken = true;
            rest = default;
            return default;
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
