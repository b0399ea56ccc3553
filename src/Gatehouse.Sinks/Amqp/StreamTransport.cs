using Amqp;

namespace Gatehouse.Sinks.Amqp;

/// <summary>The AMQP client's transport over a stream.</summary>
internal sealed class StreamTransport(Stream stream) : IAsyncTransport
{
    public void SetConnection(Connection connection)
    {
        // Nothing to tell it.
    }

    public void Close() => stream.Dispose();

    public void Send(ByteBuffer buffer) => stream.Write(buffer.Buffer, buffer.Offset, buffer.Length);

    public int Receive(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        foreach (var buffer in bufferList)
        {
            await stream.WriteAsync(buffer.Buffer.AsMemory(buffer.Offset, buffer.Length));
        }
    }

    public Task<int> ReceiveAsync(byte[] buffer, int offset, int count) => stream.ReadAsync(buffer.AsMemory(offset, count)).AsTask();
}
