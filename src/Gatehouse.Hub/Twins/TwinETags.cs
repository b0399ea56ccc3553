using System.Buffers.Binary;

namespace Gatehouse.Hub.Twins;

/// <summary>ETags of twins: base64 of a 64-bit counter, as the service writes them.</summary>
internal static class TwinETags
{
    internal static string Format(long counter)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, counter);
        return Convert.ToBase64String(bytes);
    }
}
