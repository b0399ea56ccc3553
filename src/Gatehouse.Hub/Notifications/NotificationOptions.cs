namespace Gatehouse.Hub.Notifications;

/// <summary>Life of the notifications of one kind.</summary>
/// <remarks>Source: IoT Hub "Send cloud-to-device messages" and "Upload files" pages.</remarks>
public sealed record NotificationOptions
{
    /// <summary>How long one waits to be received. 1 min–2 d, default 1 h.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a receiver may hold one. 5–300 s, default 60 s.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Deliveries of one, counted when it is abandoned. 1–100, default 10.</summary>
    public int MaxDeliveryCount { get; init; } = 10;
}
