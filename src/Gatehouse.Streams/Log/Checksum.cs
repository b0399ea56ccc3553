using System.Numerics;
using System.Runtime.InteropServices;

namespace Gatehouse.Streams.Log;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one.</summary>
internal static class Checksum
{
    internal static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var rest in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
