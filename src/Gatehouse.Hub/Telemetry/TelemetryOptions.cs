namespace Gatehouse.Hub.Telemetry;

/// <summary>Limits of device-to-cloud messages.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Largest device-to-cloud message.</summary>
    /// <remarks>Bytes of the body, 1–262,144, default 262,144. Larger: the connection ends. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxMessageBytes { get; init; } = 262_144;

    /// <summary>Messages per second of one device or module, with a burst of one second; more are taken later. Null, the default: no limit.</summary>
    public int? DeviceMessagesPerSecond { get; init; }
}
