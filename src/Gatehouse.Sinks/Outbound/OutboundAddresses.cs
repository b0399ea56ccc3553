using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Sinks.Outbound;

/// <summary>Which addresses the server calls on behalf of whoever defines endpoints.</summary>
/// <remarks>The address that is connected to is the one that was judged: a name that answers differently the second time gains nothing.</remarks>
internal static class OutboundAddresses
{
    /// <summary>Connects to the first address of the host that may be called.</summary>
    /// <exception cref="OutboundRefusedException">None may.</exception>
    internal static async ValueTask<Stream> ConnectAsync(string host, int port, SinkOptions options, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        var allowed = options.AllowPrivateAddresses ? addresses : [.. addresses.Where(IsPublic)];
        if (allowed.Length == 0)
        {
            throw new OutboundRefusedException($"'{host}' lies at no public address; --private-endpoints allows others.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>False for loopback, link-local, private, shared, documentation, multicast and reserved addresses, and for IPv6 forms that carry such an IPv4 address.</summary>
    /// <remarks>Source: the IANA special-purpose address registries.</remarks>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => IsPublicV4(address.GetAddressBytes()),
            AddressFamily.InterNetworkV6 => IsPublicV6(address.GetAddressBytes()),
            _ => false,
        };
    }

    private static bool IsPublicV4(ReadOnlySpan<byte> bytes) => (bytes[0], bytes[1], bytes[2]) switch
    {
        (0 or 10 or 127 or >= 224, _, _) => false,
        (100, >= 64 and <= 127, _) => false,
        (168, 63, 129) when bytes[3] == 16 => false, // the platform's own endpoint on Azure
        (169, 254, _) => false,
        (172, >= 16 and <= 31, _) => false,
        (192, 168, _) => false,
        (192, 0, 0 or 2) => false,
        (192, 88, 99) => false,
        (198, 18 or 19, _) => false,
        (198, 51, 100) => false,
        (203, 0, 113) => false,
        _ => true,
    };

    // Only 2000::/3 is handed out; of it 2001::/23, 2001:db8::/32, 2002::/16 (IPv4 inside) and 3fff::/20 are special. 64:ff9b::/96 lies outside.
    private static bool IsPublicV6(ReadOnlySpan<byte> bytes) =>
        (bytes[0] & 0xe0) == 0x20
        && !(bytes[0] == 0x20 && bytes[1] == 0x01 && (bytes[2] < 2 || (bytes[2] == 0x0d && bytes[3] == 0xb8)))
        && !(bytes[0] == 0x20 && bytes[1] == 0x02)
        && !(bytes[0] == 0x3f && bytes[1] == 0xff);
}
