using System.IO.Pipelines;

namespace Gatehouse.Transport.Connections;

/// <summary>A client's connection over any pair of pipes; the watch does the rest.</summary>
internal sealed class StreamConnection(PipeReader input, PipeWriter output, PeerInfo peer, ConnectionWatch watch, Action? onAuthenticated) : ClientConnection
{
    public override PipeReader Input { get; } = input;

    public override PipeWriter Output { get; } = output;

    public override PeerInfo Peer { get; } = peer;

    public override CancellationToken Draining => watch.Draining;

    public override void MarkAuthenticated()
    {
        watch.MarkAuthenticated();
        onAuthenticated?.Invoke();
    }

    public override void SetIdleTimeout(TimeSpan? timeout) => watch.SetIdleTimeout(timeout);

    public override void Touch() => watch.Touch();

    public override void SetDeadline(DateTimeOffset? deadline) => watch.SetDeadline(deadline);

    public override void SetBeat(TimeSpan? period, Action? beat) => watch.SetBeat(period, beat);

    public override void Abort(string reason) => watch.Abort(reason, "session");
}
