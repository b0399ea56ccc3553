namespace Gatehouse.Wire.Mqtt;

/// <summary>What a peer did wrong on the wire; each ends the connection.</summary>
public enum MqttFault
{
    None,
    LengthTooLong,
    PacketTooLarge,
    InvalidFlags,
    Truncated,
    TrailingBytes,
    InvalidText,
    UnknownProtocol,
    Version3,
    Version5,
    ConnectFlags,
    InvalidQos,
    Qos2,
    PacketIdZero,
    NoFilters,
    UnexpectedPacket,
}

/// <summary>The faults in words, for log lines and refusals.</summary>
public static class MqttFaults
{
    public static string Describe(this MqttFault fault) => fault switch
    {
        MqttFault.LengthTooLong => "the remaining length has more than four bytes",
        MqttFault.PacketTooLarge => "a packet is larger than the limit",
        MqttFault.InvalidFlags => "reserved bits of the fixed header are wrong",
        MqttFault.Truncated => "a packet ends inside a field",
        MqttFault.TrailingBytes => "a packet goes on after its last field",
        MqttFault.InvalidText => "a text is not valid UTF-8 or holds U+0000",
        MqttFault.UnknownProtocol => "the protocol name or level is not that of MQTT 3.1.1",
        MqttFault.Version3 => "the client speaks MQTT 3.1; 3.1.1 is needed",
        MqttFault.Version5 => "the client speaks MQTT 5; 3.1.1 is needed",
        MqttFault.ConnectFlags => "the connect flags contradict each other",
        MqttFault.InvalidQos => "a QoS is not 0, 1 or 2",
        MqttFault.Qos2 => "QoS 2 is not supported for PUBLISH",
        MqttFault.PacketIdZero => "a packet id is 0",
        MqttFault.NoFilters => "a SUBSCRIBE or UNSUBSCRIBE has no filter",
        MqttFault.UnexpectedPacket => "a packet of this type may not be sent here",
        _ => "none",
    };
}
