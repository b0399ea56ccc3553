using System.IO.Pipelines;
using System.Net;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport;

/// <summary>One accepted connection after TLS (and, for WebSockets, after the upgrade): bytes in, bytes out, and the clock that watches it.</summary>
/// <remarks>Until <see cref="MarkAuthenticated"/> the pre-authentication budget applies: time, bytes and number per address. No timers here: one heartbeat sweeps all connections.</remarks>
public abstract class ClientConnection
{
    public abstract PipeReader Input { get; }

    public abstract PipeWriter Output { get; }

    public abstract PeerInfo Peer { get; }

    /// <summary>Cancelled when the server wants to stop: finish what was acknowledged, then return.</summary>
    public abstract CancellationToken Draining { get; }

    /// <summary>The peer is known now: the pre-authentication deadline and budget end.</summary>
    public abstract void MarkAuthenticated();

    /// <summary>Closes the connection when nothing <see cref="Touch"/>ed it for this long. Null: never.</summary>
    public abstract void SetIdleTimeout(TimeSpan? timeout);

    /// <summary>Something arrived. One write of a coarse tick; call it for every packet.</summary>
    public abstract void Touch();

    /// <summary>Closes at this time whatever happens (token end). Null: never.</summary>
    public abstract void SetDeadline(DateTimeOffset? deadline);

    /// <summary>Calls <paramref name="beat"/> about every <paramref name="period"/> (in whole beats of the one heartbeat, a second each), until the connection ends or null is set. The call must be quick and must not throw.</summary>
    public abstract void SetBeat(TimeSpan? period, Action? beat);

    /// <summary>Ends the connection now; pending reads and flushes complete with an error. <paramref name="reason"/> goes to the log. Safe from any thread, more than once.</summary>
    public abstract void Abort(string reason);
}

/// <summary>What is known of the peer before it said anything.</summary>
public sealed class PeerInfo
{
    public required EndPoint? RemoteEndPoint { get; init; }

    /// <summary><c>mqtt</c>, <c>mqtt-ws</c>, <c>amqp</c>, <c>amqp-ws</c> or <c>https</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Name in the ClientHello (SNI) or, for WebSockets, the Host header without port; null when the peer sent none.</summary>
    public string? HostName { get; init; }

    /// <summary><c>1.2</c> or <c>1.3</c>; null without TLS.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>Name of the IANA registry; null without TLS.</summary>
    public string? CipherSuite { get; init; }

    /// <summary>Our certificate that the peer was shown; null without TLS.</summary>
    public ShownServer? Server { get; init; }

    /// <summary>Client certificate, unjudged; null when none was presented. The connection disposes it.</summary>
    public PeerCertificate? Certificate { get; init; }

    /// <summary>The same for use tracking.</summary>
    /// <param name="software">What the peer calls itself; null when it did not say.</param>
    public ClientTraits Traits(string? software = null) => new() { Protocol = Protocol, TlsVersion = TlsVersion, CipherSuite = CipherSuite, Server = Server, Software = software };
}

/// <summary>What runs on a connection; returns when the connection is over.</summary>
public interface IConnectionHandler
{
    Task RunAsync(ClientConnection connection);
}
