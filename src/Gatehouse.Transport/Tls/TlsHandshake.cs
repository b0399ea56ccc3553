using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Connections;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tls;

/// <summary>Runs the server's side of handshakes.</summary>
internal sealed class TlsHandshake(
    HandshakePolicy policy, TransportOptions options, IntermediateCache intermediates, RolloverWatch rollover, TransportMetrics metrics, TimeProvider time, ILogger<TlsHandshake> log) : IDisposable
{
    private readonly SemaphoreSlim _computing = new(options.Limits.MaxHandshakesComputing);

    /// <summary>Null when the handshake failed; the connection is to be closed then.</summary>
    public async Task<TlsSession?> RunAsync(IDuplexPipe transport, ConnectionWatch watch)
    {
        var started = time.GetTimestamp();
        var pipe = new PipeStream(transport);
        var stream = new PeerSslStream(pipe, options.Tls);
        var slot = new Slot(_computing, policy);
        try
        {
            // Wait for the ClientHello without holding anything; the slot is for peers that have something to compute.
            await pipe.WaitForDataAsync(watch.Closed);
            await slot.EnterAsync(watch.Closed);
            pipe.OnWrite = slot.OnFlight;
            await stream.AuthenticateAsServerAsync(static (_, hello, state, _) => ValueTask.FromResult(((Slot)state!).Select(hello.ServerName)), slot, watch.Closed);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException or NotSupportedException)
        {
            TransportLog.HandshakeFailed(log, watch.RemoteEndPoint, e.InnerException?.Message ?? e.Message);
            metrics.Handshake("none", "failed", time.GetElapsedTime(started));
            if (CertificateAlerts.Find(e) is >= 0 and var alert)
            {
                rollover.Of(slot.IsNext).Refuse(alert, watch.IsFromKnownAddress);
            }
            else if (slot.Flight == ServerFlight.Kind.Full && !watch.IsAborted && e is (IOException or OperationCanceledException))
            {
                rollover.Of(slot.IsNext).Refuse(CertificateAlerts.BrokenOff, watch.IsFromKnownAddress);
            }

            await stream.DisposeAsync();
            return null;
        }
        finally
        {
            pipe.OnWrite = null;
            slot.Leave();
        }

        var session = Session(stream, slot.Flight == ServerFlight.Kind.Resumed) with { IsNext = slot.IsNext };
        if (!session.IsResumed)
        {
            rollover.Of(slot.IsNext).Complete();
        }

        metrics.Handshake(session.Version, session.IsResumed ? "resumed" : "full", time.GetElapsedTime(started));
        return session;
    }

    public void Dispose() => _computing.Dispose();

    private TlsSession Session(PeerSslStream stream, bool isResumed)
    {
        var chain = stream.Intermediates;
        if (isResumed && stream.Leaf is { } leaf && chain.Count == 0)
        {
            chain = intermediates.Recall(leaf);
        }

        var certificate = stream.Leaf is null ? null : new PeerCertificate(stream.Leaf, chain);
        var host = stream.TargetHostName is { Length: > 0 } name ? name : null;
        return new TlsSession(stream, host, stream.SslProtocol == SslProtocols.Tls13 ? "1.3" : "1.2", isResumed, certificate)
        {
            CipherSuite = stream.NegotiatedCipherSuite.ToString(),
            Server = ShownServers.Find(stream.LocalCertificate),
        };
    }

    /// <summary>A place among those that compute; given back as soon as the expensive flight is written, so that a slow peer holds none.</summary>
    private sealed class Slot(SemaphoreSlim places, HandshakePolicy policy)
    {
        private int _held;

        public ServerFlight.Kind Flight { get; private set; }

        /// <summary>Whether the certificate of a change that is under way is shown.</summary>
        public bool IsNext { get; private set; }

        public SslServerAuthenticationOptions Select(string? hostName)
        {
            var chosen = policy.Select(hostName, out var isNext);
            IsNext = isNext;
            return chosen;
        }

        public async ValueTask EnterAsync(CancellationToken cancellationToken)
        {
            await places.WaitAsync(cancellationToken);
            _held = 1;
        }

        public bool OnFlight(ReadOnlyMemory<byte> written)
        {
            Leave();
            Flight = ServerFlight.Read(written.Span);
            return Flight != ServerFlight.Kind.Unclear;
        }

        public void Leave()
        {
            if (Interlocked.Exchange(ref _held, 0) == 1)
            {
                places.Release();
            }
        }
    }
}
