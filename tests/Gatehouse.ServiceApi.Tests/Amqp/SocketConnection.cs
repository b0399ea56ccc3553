using System.IO.Pipelines;
using System.Net.Sockets;
using Gatehouse.Transport;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>A connection over a plain socket, without the front door's clocks.</summary>
internal sealed class SocketConnection : ClientConnection
{
    private readonly Socket socket;
    private readonly NetworkStream stream;

    internal SocketConnection(Socket socket)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: true);
        Input = PipeReader.Create(stream);
        Output = PipeWriter.Create(stream);
        Peer = new PeerInfo { RemoteEndPoint = socket.RemoteEndPoint, Protocol = "amqp", HostName = "localhost" };
    }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    public override PeerInfo Peer { get; }

    public override CancellationToken Draining => CancellationToken.None;

    public override void MarkAuthenticated()
    {
    }

    public override void SetIdleTimeout(TimeSpan? timeout)
    {
    }

    public override void Touch()
    {
    }

    public override void SetDeadline(DateTimeOffset? deadline)
    {
    }

    public override void SetBeat(TimeSpan? period, Action? beat)
    {
    }

    public override void Abort(string reason) => socket.Close();
}
