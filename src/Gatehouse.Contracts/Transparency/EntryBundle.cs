using System.Buffers.Binary;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Entries one after the other, each after its length (two bytes, big endian): C2SP tlog-tiles.</summary>
public static class EntryBundle
{
    /// <summary>Bytes of the longest entry.</summary>
    public const int MaxEntryBytes = ushort.MaxValue;

    private const int LengthBytes = 2;

    /// <param name="entries">Each of at most <see cref="MaxEntryBytes"/>.</param>
    public static byte[] Write(IReadOnlyCollection<byte[]> entries)
    {
        var bundle = new byte[entries.Sum(static entry => LengthBytes + entry.Length)];
        var rest = bundle.AsSpan();
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)entry.Length);
            entry.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + entry.Length)..];
        }

        return bundle;
    }

    /// <summary>Null when it does not end where its last entry ends.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? Read(ReadOnlyMemory<byte> bundle)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        while (bundle.Length >= LengthBytes)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span);
            if (bundle.Length < LengthBytes + length)
            {
                return null;
            }

            entries.Add(bundle.Slice(LengthBytes, length));
            bundle = bundle[(LengthBytes + length)..];
        }

        return bundle.Length == 0 ? entries : null;
    }
}
