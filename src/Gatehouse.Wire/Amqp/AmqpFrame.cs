using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Wire.Amqp;

/// <summary>One frame, cut out of the stream. Source: AMQP 1.0 §2.3.</summary>
/// <param name="Type">0: AMQP, 1: SASL.</param>
/// <param name="Channel">Of an AMQP frame; without meaning in a SASL frame.</param>
/// <param name="Body">What follows the header and the extended header; lies in the caller's buffer.</param>
public readonly record struct AmqpFrame(byte Type, ushort Channel, ReadOnlySequence<byte> Body)
{
    public const int HeaderBytes = 8;

    public const byte AmqpType = 0;

    public const byte SaslType = 1;

    private const int WordBytes = 4;
    private const int MinDataOffset = 2;

    /// <summary>A heart-beat.</summary>
    public bool IsEmpty => Body.IsEmpty;

    /// <summary>Cuts the next frame off the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">What was received; moved past the frame on success, else left alone.</param>
    /// <param name="maxFrameBytes">Largest frame, header included; a larger one is a fault before its bytes arrive.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="fault">Not None when the stream can never become a frame.</param>
    /// <returns>False when more bytes are needed, or on a fault.</returns>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxFrameBytes, out AmqpFrame frame, out AmqpFault fault)
    {
        (frame, fault) = (default, AmqpFault.None);
        Span<byte> copy = stackalloc byte[HeaderBytes];
        scoped var header = buffer.FirstSpan;
        if (header.Length < HeaderBytes)
        {
            var length = (int)Math.Min(buffer.Length, HeaderBytes);
            buffer.Slice(0, length).CopyTo(copy);
            header = copy[..length];
        }

        if (header.Length < WordBytes)
        {
            return false;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(header);
        if ((fault = CheckSize(size, maxFrameBytes)) != AmqpFault.None || header.Length < HeaderBytes)
        {
            return false;
        }

        var start = header[4] * WordBytes;
        if ((fault = header[4] < MinDataOffset || start > size ? AmqpFault.DataOffset : header[5] > SaslType ? AmqpFault.UnknownFrameType : AmqpFault.None) != AmqpFault.None
            || buffer.Length < size)
        {
            return false;
        }

        frame = new AmqpFrame(header[5], BinaryPrimitives.ReadUInt16BigEndian(header[6..]), buffer.Slice(start, size - start));
        buffer = buffer.Slice(size);
        return true;
    }

    private static AmqpFault CheckSize(uint size, int max) =>
        size < HeaderBytes ? AmqpFault.FrameTooSmall : size > max ? AmqpFault.FrameTooLarge : AmqpFault.None;
}
