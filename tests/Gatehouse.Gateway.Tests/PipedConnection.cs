using System.IO.Pipelines;
using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport;

namespace Gatehouse.Gateway.Tests;

/// <summary>A connection in memory: what the client writes comes in, what the server writes goes out, and what it asked of the clock is noted.</summary>
internal sealed class PipedConnection : ClientConnection
{
    private readonly Pipe inward = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Pipe outward;
    private readonly CancellationTokenSource draining = new();
    private readonly TaskCompletionSource<string> aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="outputBytes">Bytes of answers that wait for the client before the server's flush waits.</param>
    /// <param name="certificate">What the client showed in TLS.</param>
    internal PipedConnection(int outputBytes = 1024 * 1024, PeerCertificate? certificate = null)
    {
        outward = new Pipe(new PipeOptions(pauseWriterThreshold: outputBytes, resumeWriterThreshold: outputBytes / 2, useSynchronizationContext: false));
        Peer = new PeerInfo { RemoteEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.7"), 4711), Protocol = "mqtt", HostName = "localhost", Certificate = certificate };
    }

    public override PipeReader Input => inward.Reader;

    public override PipeWriter Output => outward.Writer;

    public override PeerInfo Peer { get; }

    public override CancellationToken Draining => draining.Token;

    /// <summary>The client's ends.</summary>
    internal PipeWriter ToServer => inward.Writer;

    internal PipeReader FromServer => outward.Reader;

    /// <summary>The reason of the first abort.</summary>
    internal Task<string> Aborted => aborted.Task;

    internal bool IsAuthenticated { get; private set; }

    internal TimeSpan? IdleTimeout { get; private set; }

    internal DateTimeOffset? Deadline { get; private set; }

    internal int Touches { get; private set; }

    public override void MarkAuthenticated() => IsAuthenticated = true;

    public override void SetIdleTimeout(TimeSpan? timeout) => IdleTimeout = timeout;

    public override void Touch() => Touches++;

    public override void SetBeat(TimeSpan? interval, Action? beat)
    {
    }

    public override void SetDeadline(DateTimeOffset? deadline) => Deadline = deadline;

    public override void Abort(string reason)
    {
        if (aborted.TrySetResult(reason))
        {
            // As a socket that is gone: pending reads and flushes end.
            inward.Writer.Complete(new IOException(reason));
            outward.Reader.CancelPendingRead();
            outward.Writer.CancelPendingFlush();
        }
    }

    internal Task DrainAsync() => draining.CancelAsync();
}
