using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Bench.Registrations;

/// <summary>An answer of the server.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="RetryAfter">What Retry-After says; zero for nothing.</param>
/// <param name="Body">JSON.</param>
internal readonly record struct Answer(int Status, TimeSpan RetryAfter, string Body);

/// <summary>One connection of one device: a full TLS handshake, then HTTP/1.1, one request after the other. Costs less than HttpClient, so that the server is what is measured.</summary>
internal sealed class HttpsConnection : IAsyncDisposable
{
    private readonly SslStream stream;
    private readonly byte[] buffer = new byte[16 * 1024];
    private int filled;

    private HttpsConnection(SslStream stream) => this.stream = stream;

    /// <param name="service">Where to.</param>
    /// <param name="certificate">Of the device; null for none.</param>
    /// <param name="from">Address that the device has; null: whatever the system takes.</param>
    internal static async Task<HttpsConnection> OpenAsync(Service service, SslStreamCertificateContext? certificate, IPAddress? from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            await socket.ConnectAsync(IPAddress.Loopback, service.Port);
            var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificateContext = certificate,
                AllowTlsResume = false,
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { service.Authority }, RevocationMode = X509RevocationMode.NoCheck },
            });
            return new HttpsConnection(secure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    internal async Task<Answer> SendAsync(string method, string path, string? authorization, string? body)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{(authorization is null ? "" : $"Authorization: {authorization}\r\n")}";
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{head}Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body ?? "")}\r\n\r\n{body}"));
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync();
        }

        var lines = Encoding.ASCII.GetString(buffer, 0, end).Split("\r\n");
        var length = int.Parse(Header(lines, "Content-Length") ?? "0", CultureInfo.InvariantCulture);
        while (filled < end + 4 + length)
        {
            await FillAsync();
        }

        var answer = new Answer(
            int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(int.Parse(Header(lines, "Retry-After") ?? "0", CultureInfo.InvariantCulture)),
            Encoding.UTF8.GetString(buffer, end + 4, length));
        filled -= end + 4 + length;
        Array.Copy(buffer, end + 4 + length, buffer, 0, filled);
        return answer;
    }

    private static string? Header(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    private async Task FillAsync()
    {
        var read = await stream.ReadAsync(buffer.AsMemory(filled));
        filled += read > 0 ? read : throw new IOException("the server closed the connection");
    }
}
