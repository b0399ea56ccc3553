using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Listeners;

/// <summary>Which ports to bind, found out before Kestrel tries, so that what is wrong can be said in one line.</summary>
internal static class ListenerPlan
{
    private const int FirstUnprivilegedPort = 1_024;

    /// <summary>The port for HTTPS: the wanted one, or the fallback when the wanted one needs rights that this user lacks.</summary>
    public static int? HttpsPort(TransportOptions options, ILogger log, Func<TransportOptions, int, SocketError>? probe = null)
    {
        if (options.HttpsPort is not { } wanted)
        {
            return null;
        }

        if ((probe ?? Try)(options, wanted) == SocketError.AccessDenied && options.HttpsFallbackPort is { } fallback)
        {
            TransportLog.PortFallback(log, wanted, fallback);
            return fallback;
        }

        return wanted;
    }

    /// <summary>Throws the one line that names the port and the remedy when it cannot be bound.</summary>
    public static void Check(TransportOptions options, int port, string option)
    {
        if (options.Addresses.Count > 1 && port == 0)
        {
            throw new TransportException($"{option} is 0 (chosen by the system), which needs at most one listen address; {options.Addresses.Count} are given");
        }

        var fault = Try(options, port) switch
        {
            SocketError.Success => null,
            SocketError.AddressAlreadyInUse => $"port {port} is in use by another process; stop it (ss -ltnp 'sport = :{port}' names it) or set {option}",
            SocketError.AccessDenied when port < FirstUnprivilegedPort =>
                $"port {port} may not be bound by this user; run: sysctl net.ipv4.ip_unprivileged_port_start={port}, or set {option} to {FirstUnprivilegedPort} or above",
            SocketError.AddressNotAvailable => $"port {port} cannot be bound: no interface has the address {string.Join(", ", options.Addresses)}",
            var other => $"port {port} cannot be bound ({other}); set {option}",
        };
        if (fault is not null)
        {
            throw new TransportException(fault);
        }
    }

    private static SocketError Try(TransportOptions options, int port)
    {
        var addresses = options.Addresses.Count == 0 ? [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any] : options.Addresses;
        return addresses.Select(a => Try(a, port)).FirstOrDefault(e => e != SocketError.Success, SocketError.Success);
    }

    private static SocketError Try(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
