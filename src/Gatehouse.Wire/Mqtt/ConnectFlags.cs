namespace Gatehouse.Wire.Mqtt;

/// <summary>Bits of the connect flags. Source: MQTT 3.1.1 §3.1.2.3.</summary>
internal static class ConnectFlags
{
    internal const byte Reserved = 0x01;
    internal const byte CleanSession = 0x02;
    internal const byte Will = 0x04;
    internal const byte WillRetain = 0x20;
    internal const byte Password = 0x40;
    internal const byte UserName = 0x80;

    internal static int WillQos(byte flags) => (flags >> 3) & 3;

    internal static bool AreValid(byte flags)
    {
        var willIsValid = (flags & Will) != 0 ? WillQos(flags) < 3 : WillQos(flags) == 0 && (flags & WillRetain) == 0;
        return (flags & Reserved) == 0 && willIsValid && ((flags & Password) == 0 || (flags & UserName) != 0);
    }
}
