using System.Buffers.Binary;

namespace Gatehouse.Cli.Tpm;

/// <summary>Reads what a TPM answered, from the byte after its code.</summary>
internal ref struct TpmAnswer(ReadOnlySpan<byte> bytes, TpmCommandCode code)
{
    private ReadOnlySpan<byte> rest = bytes;

    internal readonly bool IsAtEnd => rest.IsEmpty;

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    /// <summary>A TPM2B without its size.</summary>
    internal byte[] Sized() => Take(UInt16()).ToArray();

    internal ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw new CliException($"the TPM's answer to {code} is cut short. Is it a TPM 2.0 that answers there?");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
