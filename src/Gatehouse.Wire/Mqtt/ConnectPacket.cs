using System.Buffers;
using System.Text;

namespace Gatehouse.Wire.Mqtt;

/// <summary>CONNECT of MQTT 3.1.1. Holds a password: its text form shows only the client id.</summary>
/// <remarks>Source: MQTT 3.1.1 §3.1.</remarks>
public sealed record ConnectPacket
{
    private const byte Level311 = 4;

    public required string ClientId { get; init; }

    public required bool CleanSession { get; init; }

    /// <summary>Seconds; 0: none asked for.</summary>
    public required ushort KeepAliveSeconds { get; init; }

    /// <summary>Null when the flag is off.</summary>
    public string? UserName { get; init; }

    /// <summary>Null when the flag is off.</summary>
    public string? Password { get; init; }

    public ConnectWill? Will { get; init; }

    /// <summary>Reads the body of a CONNECT frame.</summary>
    public static MqttFault TryRead(in ReadOnlySequence<byte> body, out ConnectPacket? packet)
    {
        packet = null;
        var reader = new FieldReader(body.IsSingleSegment ? body.FirstSpan : body.ToArray());
        if (ReadProtocol(ref reader) is var fault and not MqttFault.None)
        {
            return fault;
        }

        if (!reader.TryReadByte(out var flags) || !reader.TryReadUInt16(out var keepAlive))
        {
            return MqttFault.Truncated;
        }

        return ConnectFlags.AreValid(flags) ? ReadPayload(ref reader, flags, keepAlive, out packet) : MqttFault.ConnectFlags;
    }

    public override string ToString() => $"CONNECT {ClientId}";

    private static MqttFault ReadProtocol(ref FieldReader reader)
    {
        if (!reader.TryReadBinary(out var name) || !reader.TryReadByte(out var level))
        {
            return MqttFault.Truncated;
        }

        if (name.SequenceEqual("MQIsdp"u8))
        {
            return MqttFault.Version3;
        }

        return name.SequenceEqual("MQTT"u8)
            ? level switch { Level311 => MqttFault.None, 5 => MqttFault.Version5, _ => MqttFault.UnknownProtocol }
            : MqttFault.UnknownProtocol;
    }

    private static MqttFault ReadPayload(ref FieldReader reader, byte flags, ushort keepAlive, out ConnectPacket? packet)
    {
        packet = null;
        if (reader.ReadText(out var clientId) is var fault and not MqttFault.None)
        {
            return fault;
        }

        if ((fault = ReadWill(ref reader, flags, out var will)) != MqttFault.None
            || (fault = ReadOptionalText(ref reader, flags, ConnectFlags.UserName, out var userName)) != MqttFault.None
            || (fault = ReadOptionalText(ref reader, flags, ConnectFlags.Password, out var password)) != MqttFault.None)
        {
            return fault;
        }

        if (!reader.IsAtEnd)
        {
            return MqttFault.TrailingBytes;
        }

        packet = new ConnectPacket
        {
            ClientId = Encoding.UTF8.GetString(clientId),
            CleanSession = (flags & ConnectFlags.CleanSession) != 0,
            KeepAliveSeconds = keepAlive,
            UserName = userName,
            Password = password,
            Will = will,
        };
        return MqttFault.None;
    }

    private static MqttFault ReadWill(ref FieldReader reader, byte flags, out ConnectWill? will)
    {
        will = null;
        if ((flags & ConnectFlags.Will) == 0)
        {
            return MqttFault.None;
        }

        if (reader.ReadText(out var topic) is var fault and not MqttFault.None)
        {
            return fault;
        }

        if (!reader.TryReadBinary(out var message))
        {
            return MqttFault.Truncated;
        }

        will = new ConnectWill(topic.ToArray(), message.ToArray(), ConnectFlags.WillQos(flags), (flags & ConnectFlags.WillRetain) != 0);
        return MqttFault.None;
    }

    // The password is binary by the standard; every password of this protocol is a token, hence text.
    private static MqttFault ReadOptionalText(ref FieldReader reader, byte flags, byte flag, out string? text)
    {
        text = null;
        if ((flags & flag) == 0)
        {
            return MqttFault.None;
        }

        var fault = reader.ReadText(out var value);
        text = fault == MqttFault.None ? Encoding.UTF8.GetString(value) : null;
        return fault;
    }
}

/// <summary>Message to be sent for a client that is lost.</summary>
/// <param name="Topic">UTF-8.</param>
/// <param name="Message">Any bytes.</param>
/// <param name="Qos">0–2.</param>
/// <param name="Retain">Retain flag.</param>
public sealed record ConnectWill(ReadOnlyMemory<byte> Topic, ReadOnlyMemory<byte> Message, int Qos, bool Retain);
