using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Gatehouse.Cli.Connecting;

/// <summary>One HTTPS server: whom to trust there, and in one line why it was not reached.</summary>
internal sealed class HttpsServer : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly string hostName;
    private readonly int port;
    private readonly string source;
    private readonly TrustedRoot root;
    private readonly HttpClient http;

    /// <param name="hostName">Name that its certificate must hold.</param>
    /// <param name="port">Port.</param>
    /// <param name="caFile">PEM file of the only roots to trust; null for the system's.</param>
    /// <param name="source">Where the address came from, for errors.</param>
    internal HttpsServer(string hostName, int port, string? caFile, string source)
    {
        (this.hostName, this.port, this.source) = (hostName, port, source);
        root = TrustedRoot.Load(caFile);
        http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = root.ForHttps(),
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
            UseCookies = false,

            // A proxy of the environment is for other machines.
            UseProxy = !IsLoopback(hostName),
        })
        { Timeout = AnswerTimeout };
    }

    /// <returns>Any answer; its body is still to come.</returns>
    /// <exception cref="HubUnreachable">None came.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            throw new HubUnreachable(Explain(error), error);
        }
        catch (TaskCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HubUnreachable($"{this} did not answer in time. Is the address right, and the server well ('/health/ready')?", error);
        }
    }

    public override string ToString() => $"{hostName}:{port}";

    public void Dispose() => http.Dispose();

    private string Explain(HttpRequestException error) => error switch
    {
        { InnerException: AuthenticationException } when root.LastErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
            $"the certificate at {this} is not made for the name '{hostName}'. Use a name that it holds, or start the server with --host-name {hostName}.",
        { InnerException: AuthenticationException } when root.LastErrors != SslPolicyErrors.None =>
            $"the certificate at {this} does not lead to {root.Description}. Name the hub's root (ca.pem of its data directory) with --ca-file; if you did, somebody else may be answering.",
        { InnerException: AuthenticationException inner } => $"TLS with {this} failed: {inner.Message}",
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            $"nothing listens at {this} ({source}). Is the server running ('gatehouse up')? A port other than 443 is written after the host name, with a colon.",
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } } =>
            $"the name '{hostName}' of {source} is not known here. Check it, or the DNS of this machine.",
        _ => $"{this} cannot be reached: {(error.InnerException ?? error).Message}",
    };

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
