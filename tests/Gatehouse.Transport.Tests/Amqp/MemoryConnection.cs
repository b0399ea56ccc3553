using System.IO.Pipelines;
using System.Net;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>A connection over two pipes in memory; the test holds the other ends and the clock.</summary>
internal sealed class MemoryConnection : ClientConnection
{
    private readonly Pipe toServer;
    private readonly Pipe toClient;
    private readonly CancellationTokenSource draining = new();

    internal MemoryConnection(PeerCertificate? certificate = null, int clientReads = 1 << 20)
    {
        toServer = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, useSynchronizationContext: false));
        toClient = new Pipe(new PipeOptions(pauseWriterThreshold: clientReads, resumeWriterThreshold: clientReads / 2, useSynchronizationContext: false));
        Peer = new PeerInfo { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 4711), Protocol = "amqp", HostName = "localhost", Certificate = certificate };
    }

    public override PipeReader Input => toServer.Reader;

    public override PipeWriter Output => toClient.Writer;

    public override PeerInfo Peer { get; }

    public override CancellationToken Draining => draining.Token;

    internal PipeWriter ToServer => toServer.Writer;

    internal PipeReader FromServer => toClient.Reader;

    internal bool IsAuthenticated { get; private set; }

    internal string? AbortReason { get; private set; }

    internal TimeSpan? IdleTimeout { get; private set; }

    internal TimeSpan? BeatPeriod { get; private set; }

    internal DateTimeOffset? Deadline { get; private set; }

    internal Action? Beat { get; private set; }

    internal int Touches { get; private set; }

    internal Task DrainAsync() => draining.CancelAsync();

    public override void MarkAuthenticated() => IsAuthenticated = true;

    public override void SetIdleTimeout(TimeSpan? timeout) => IdleTimeout = timeout;

    public override void Touch() => Touches++;

    public override void SetDeadline(DateTimeOffset? deadline) => Deadline = deadline;

    public override void SetBeat(TimeSpan? period, Action? beat) => (BeatPeriod, Beat) = (period, beat);

    public override void Abort(string reason)
    {
        AbortReason ??= reason;
        toServer.Reader.CancelPendingRead();
        toServer.Writer.Complete(new IOException(reason));
        toClient.Reader.Complete(new IOException(reason));
    }
}
