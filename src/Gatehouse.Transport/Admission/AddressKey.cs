using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Transport.Admission;

/// <summary>What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber owns.</summary>
internal readonly record struct AddressKey(ulong Value)
{
    public static AddressKey Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
        {
            address.TryWriteBytes(bytes, out _);
            return new AddressKey(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]));
        }

        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? new AddressKey(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new AddressKey(BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
