using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Cli.Tpm;

/// <summary>Writes TPM structures: big-endian, sizes before bytes.</summary>
internal sealed class TpmWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new(512);

    internal ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

    internal TpmWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes.GetSpan(sizeof(ushort)), value);
        bytes.Advance(sizeof(ushort));
        return this;
    }

    internal TpmWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.GetSpan(sizeof(uint)), value);
        bytes.Advance(sizeof(uint));
        return this;
    }

    internal TpmWriter Raw(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    /// <summary>A TPM2B: two bytes of size, then the bytes.</summary>
    internal TpmWriter Sized(ReadOnlySpan<byte> value) => UInt16(checked((ushort)value.Length)).Raw(value);

    /// <summary>Overwrites what was written: it held a secret.</summary>
    internal void Clear() => bytes.Clear();
}
