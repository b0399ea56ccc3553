using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Gatehouse.Store.Suite;

/// <summary>Ports for servers that tests start, and start again, on one of their own.</summary>
/// <remarks>
/// They lie below those that systems give to connections (32768 and up on Linux, 49152 elsewhere). One of those could go to any connection between choosing and
/// listening: to that of a client, too, which tries the server while it is away, and then finds itself.
/// </remarks>
internal static class ServerPort
{
    private const int First = 12_000;
    private const int End = 32_000;

    /// <param name="count">So many side by side.</param>
    /// <returns>The first of them. Nobody listens there now; who starts a server goes on to another when somebody does by then.</returns>
    internal static int Find(int count = 1)
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (Enumerable.Range(port, count).All(IsFree))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
