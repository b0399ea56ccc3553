using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>The small frames of the connection's own. Hold the gate.</summary>
internal static class ControlFrames
{
    private delegate void FrameBody(AmqpWriter writer);

    internal static void WriteClose(this AmqpOutput output, AmqpError? error) => Write(output, 0, new Close { Error = error }.Write);

    internal static void WriteEnd(this AmqpOutput output, ushort channel, AmqpError? error) => Write(output, channel, new End { Error = error }.Write);

    internal static void WriteDetach(this AmqpOutput output, ushort channel, uint handle, AmqpError? error) =>
        Write(output, channel, new Detach { Handle = handle, IsClosed = true, Error = error }.Write);

    /// <summary>An empty frame, so that the peer knows that we are there.</summary>
    internal static void WriteHeartbeat(this AmqpOutput output) => Write(output, 0, static _ => { });

    private static void Write(AmqpOutput output, ushort channel, FrameBody body)
    {
        var writer = new AmqpWriter(output.Buffer);
        var mark = writer.BeginFrame(channel);
        body(writer);
        writer.EndFrame(mark);
        output.Added();
    }
}
