using System.Buffers.Binary;

namespace Gatehouse.Hub.Twins;

/// <summary>What travels between nodes when desired properties change: eight bytes of version, then what the device is told.</summary>
internal static class DesiredSignal
{
    internal static ReadOnlyMemory<byte> Encode(long version, ReadOnlySpan<byte> json)
    {
        var told = TwinText.Versioned(json, version);
        var payload = new byte[sizeof(long) + told.Length];
        BinaryPrimitives.WriteInt64BigEndian(payload, version);
        told.CopyTo(payload.AsSpan(sizeof(long)));
        return payload;
    }

    internal static bool TryDecode(ReadOnlyMemory<byte> payload, out DesiredChange change)
    {
        var isWhole = payload.Length > sizeof(long);
        change = isWhole ? new DesiredChange(BinaryPrimitives.ReadInt64BigEndian(payload.Span), payload[sizeof(long)..]) : default;
        return isWhole;
    }
}
