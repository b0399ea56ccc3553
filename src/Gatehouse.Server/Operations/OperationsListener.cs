using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Server.Operations;

/// <summary>The loopback-only HTTP listener for metrics and health. Its connections carry a mark, so that no Host header can reach metrics from outside.</summary>
internal sealed class OperationsListener
{
    private ListenOptions? listen;

    /// <summary>The port in use; known once the server listens.</summary>
    internal int Port => (listen?.IPEndPoint)?.Port ?? 0;

    internal void Listen(KestrelServerOptions kestrel, int port) => kestrel.Listen(IPAddress.Loopback, port, options =>
    {
        listen = options;
        options.Protocols = HttpProtocols.Http1;
        options.Use(next => connection =>
        {
            connection.Features.Set(this);
            return next(connection);
        });
    });

    internal static bool Carries(HttpContext context) => context.Features.Get<OperationsListener>() is not null;
}
