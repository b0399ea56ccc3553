namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Of which outcomes the sender of a message wants to hear; wire name <c>iothub-ack</c>. The numbers are stored.</summary>
public enum Acknowledgement
{
    None = 0,

    /// <summary>When the device completed it.</summary>
    Positive = 1,

    /// <summary>When it expired, was rejected, was abandoned too often or was purged.</summary>
    Negative = 2,

    Full = 3,
}
