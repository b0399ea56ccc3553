namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Limits of messages to devices.</summary>
/// <remarks>Source, unless said otherwise: IoT Hub "Send cloud-to-device messages" and "Quotas and throttling" pages.</remarks>
public sealed record CloudToDeviceOptions
{
    /// <summary>Life of a message without an expiry of its own. 1 min–2 d, default 1 h. Wire name of the service's property: <c>defaultTtlAsIso8601</c>.</summary>
    public TimeSpan DefaultTimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Deliveries of one message, counted when the device abandons one. 1–100, default 10.</summary>
    public int MaxDeliveryCount { get; init; } = 10;

    /// <summary>Messages that wait for one device, those in its hands included. 1–50, default 50. More: DeviceMaximumQueueDepthExceeded (403004).</summary>
    public int MaxQueueDepth { get; init; } = 50;

    /// <summary>How long a device may hold a message. 60 s, as the service has it; a request over HTTP may ask for 1–300 s.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest message. Bytes of the body, the values of system properties, and the names and values of application properties; 65,536. Larger: MessageTooLarge (413001).</summary>
    public int MaxMessageBytes { get; init; } = 65_536;
}
