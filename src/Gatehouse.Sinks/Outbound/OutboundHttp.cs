using System.Net;
using System.Net.Security;

namespace Gatehouse.Sinks.Outbound;

/// <summary>HTTP clients for endpoints: judged addresses, no proxy, no redirects, no cookies.</summary>
internal static class OutboundHttp
{
    internal static SocketsHttpHandler NewHandler(SinkOptions options, int maxConnectionsPerServer = 2) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.Timeout,
        MaxConnectionsPerServer = maxConnectionsPerServer,
        MaxResponseHeadersLength = 16,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions(),
        ConnectCallback = (context, cancellationToken) => OutboundAddresses.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, options, cancellationToken),
    };
}
