using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Server.Operations;

/// <summary>The plain HTTP listener for revocation lists. Its connections carry a mark: nothing else is reached by them. It holds few at a time, apart from those of devices.</summary>
internal sealed class PublicListener
{
    private const int MaxConnections = 256;

    private readonly List<ListenOptions> listening = [];
    private int open;

    /// <summary>The port in use, once the server listens; null while the listener is off.</summary>
    internal int? Port => listening.Count == 0 ? null : listening[0].IPEndPoint?.Port;

    internal void Listen(KestrelServerOptions kestrel, IReadOnlyList<IPAddress> addresses, int port)
    {
        if (addresses.Count == 0)
        {
            kestrel.ListenAnyIP(port, Configure);
        }

        foreach (var address in addresses)
        {
            kestrel.Listen(address, port, Configure);
        }
    }

    internal static bool Carries(HttpContext context) => context.Features.Get<PublicListener>() is not null;

    private void Configure(ListenOptions options)
    {
        listening.Add(options);
        options.Protocols = HttpProtocols.Http1;
        options.Use(next => async connection =>
        {
            try
            {
                if (Interlocked.Increment(ref open) > MaxConnections)
                {
                    connection.Abort();
                    return;
                }

                connection.Features.Set(this);
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        });
    }
}
