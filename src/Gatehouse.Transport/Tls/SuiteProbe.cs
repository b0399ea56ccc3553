using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Gatehouse.Transport.Listeners;

namespace Gatehouse.Transport.Tls;

/// <summary>Asks this process's OpenSSL, by a handshake in memory, whether it would accept suites off the list when none is set.</summary>
internal static class SuiteProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Suites that widened configurations allow and the service does not; ECDSA, because the made certificate is.</summary>
    private static readonly TlsCipherSuite[] OffList =
    [
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CCM,
    ];

    public static async Task<bool> AcceptsMoreAsync(SslStreamCertificateContext certificate)
    {
        var (up, down) = (new Pipe(), new Pipe());
        await using var server = new SslStream(new PipeStream(new PipePair(up.Reader, down.Writer)));
        await using var client = new SslStream(new PipeStream(new PipePair(down.Reader, up.Writer)));
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var accepting = server.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = certificate, EnabledSslProtocols = SslProtocols.Tls12 }, patience.Token);
            await Task.WhenAll(AskAsync(client, up.Writer, patience.Token), EndAsync(accepting, down.Writer));
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    private static async Task AskAsync(SslStream client, PipeWriter writer, CancellationToken cancellationToken)
    {
#pragma warning disable CA1416, CA5359, CA5398 // On Linux only. The peer is this process, and no data follows.
        var asking = client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls12,
                CipherSuitesPolicy = new CipherSuitesPolicy(OffList),
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
                CertificateChainPolicy = HandshakePolicy.Offline(),
            },
            cancellationToken);
#pragma warning restore CA1416, CA5359, CA5398
        await EndAsync(asking, writer);
    }

    /// <summary>A side that failed closes, so that the other does not wait for it.</summary>
    private static async Task EndAsync(Task side, PipeWriter writer)
    {
        try
        {
            await side;
        }
        catch
        {
            await writer.CompleteAsync();
            throw;
        }
    }
}
