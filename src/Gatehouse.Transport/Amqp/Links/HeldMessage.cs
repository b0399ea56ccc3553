using System.Buffers;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>A copy of a message that the handler could not take yet.</summary>
internal sealed class HeldMessage
{
    private readonly byte[] bytes;

    internal HeldMessage(in IncomingMessage message)
    {
        bytes = ArrayPool<byte>.Shared.Rent(message.Bytes.Length);
        message.Bytes.CopyTo(bytes);
        Message = message with { Bytes = bytes.AsMemory(0, message.Bytes.Length) };
    }

    internal IncomingMessage Message { get; }

    /// <summary>Gives the copy back; once. Returns its size.</summary>
    internal int Release()
    {
        // It may hold a token.
        ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        return Message.Bytes.Length;
    }
}
