using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Identity.Tpm;

/// <summary>Writes TPM structures: big-endian, sizes before bytes.</summary>
internal sealed class TpmWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new(512);

    internal ReadOnlySpan<byte> Bytes => buffer.WrittenSpan;

    internal TpmWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(buffer.GetSpan(sizeof(ushort)), checked((ushort)value));
        buffer.Advance(sizeof(ushort));
        return this;
    }

    internal TpmWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer.GetSpan(sizeof(uint)), value);
        buffer.Advance(sizeof(uint));
        return this;
    }

    internal TpmWriter Raw(ReadOnlySpan<byte> bytes)
    {
        buffer.Write(bytes);
        return this;
    }

    /// <summary>A TPM2B.</summary>
    internal TpmWriter Sized(ReadOnlySpan<byte> bytes) => UInt16(bytes.Length).Raw(bytes);

    /// <summary>Overwrites what was written: it held a secret.</summary>
    internal void Clear() => buffer.Clear();
}
