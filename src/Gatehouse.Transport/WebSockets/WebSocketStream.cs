using System.Net.WebSockets;

namespace Gatehouse.Transport.WebSockets;

/// <summary>A WebSocket as a stream of bytes: frames and messages have no meaning to MQTT (3.1.1 §6) or AMQP, text is refused, messages are bounded.</summary>
internal sealed class WebSocketStream(WebSocket socket, int maxMessageBytes) : Stream
{
    private int _messageBytes;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // An empty read may have met the close frame already; the socket must not be asked again.
        while (socket.State is not (WebSocketState.CloseReceived or WebSocketState.Closed))
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return 0;
            }

            if (received.MessageType == WebSocketMessageType.Text)
            {
                await RefuseAsync(WebSocketCloseStatus.InvalidMessageType, "The protocol travels in binary frames", cancellationToken);
            }

            _messageBytes += received.Count;
            if (_messageBytes > maxMessageBytes)
            {
                await RefuseAsync(WebSocketCloseStatus.MessageTooBig, $"A message is at most {maxMessageBytes} bytes", cancellationToken);
            }

            if (received.EndOfMessage)
            {
                _messageBytes = 0;
            }

            // An empty frame is no end of stream.
            if (received.Count > 0 || buffer.IsEmpty)
            {
                return received.Count;
            }
        }

        return 0;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(buffer, WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task RefuseAsync(WebSocketCloseStatus status, string reason, CancellationToken cancellationToken)
    {
        await socket.CloseOutputAsync(status, reason, cancellationToken);
        throw new IOException(reason);
    }
}
