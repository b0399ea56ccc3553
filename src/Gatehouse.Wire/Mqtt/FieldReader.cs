using System.Buffers.Binary;
using System.Text.Unicode;

namespace Gatehouse.Wire.Mqtt;

/// <summary>Reads the fields of one packet's body from contiguous bytes. Sources: MQTT 3.1.1 §1.5.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> body)
{
    internal ReadOnlySpan<byte> Rest { get; private set; } = body;

    internal readonly bool IsAtEnd => Rest.IsEmpty;

    internal bool TryReadByte(out byte value)
    {
        if (Rest.IsEmpty)
        {
            value = 0;
            return false;
        }

        value = Rest[0];
        Rest = Rest[1..];
        return true;
    }

    internal bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(Rest, out value))
        {
            return false;
        }

        Rest = Rest[2..];
        return true;
    }

    /// <summary>Length-prefixed bytes.</summary>
    internal bool TryReadBinary(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!BinaryPrimitives.TryReadUInt16BigEndian(Rest, out var length) || Rest.Length - 2 < length)
        {
            return false;
        }

        value = Rest.Slice(2, length);
        Rest = Rest[(2 + length)..];
        return true;
    }

    /// <summary>Length-prefixed UTF-8 text.</summary>
    internal MqttFault ReadText(out ReadOnlySpan<byte> value)
    {
        if (!TryReadBinary(out value))
        {
            return MqttFault.Truncated;
        }

        return IsText(value) ? MqttFault.None : MqttFault.InvalidText;
    }

    internal static bool IsText(ReadOnlySpan<byte> value) => Utf8.IsValid(value) && !value.Contains((byte)0);
}
