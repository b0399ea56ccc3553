namespace Gatehouse.Wire.Mqtt;

/// <summary>Control packet types. Source: MQTT 3.1.1 §2.2.1.</summary>
public enum MqttPacketType : byte
{
    None = 0,
    Connect = 1,
    ConnectAcknowledgement = 2,
    Publish = 3,
    PublishAcknowledgement = 4,
    PublishReceived = 5,
    PublishRelease = 6,
    PublishComplete = 7,
    Subscribe = 8,
    SubscribeAcknowledgement = 9,
    Unsubscribe = 10,
    UnsubscribeAcknowledgement = 11,
    PingRequest = 12,
    PingResponse = 13,
    Disconnect = 14,
}
