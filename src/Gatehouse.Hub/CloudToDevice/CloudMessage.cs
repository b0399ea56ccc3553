namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A message to a device, as its sender gave it.</summary>
/// <remarks>Source: IoT Hub "Send cloud-to-device messages" page. <c>to</c> is not kept: every device is told its own address.</remarks>
public sealed record CloudMessage
{
    /// <summary>At most 128 characters of the documented alphabet; null: none.</summary>
    public string? MessageId { get; init; }

    public string? CorrelationId { get; init; }

    public string? UserId { get; init; }

    public string? ContentType { get; init; }

    public string? ContentEncoding { get; init; }

    /// <summary><c>iothub-creation-time-utc</c>, as the sender wrote it.</summary>
    public string? CreationTimeUtc { get; init; }

    /// <summary><c>iothub-message-schema</c></summary>
    public string? MessageSchema { get; init; }

    /// <summary><c>iothub-operation</c></summary>
    public string? Operation { get; init; }

    /// <summary>When it is of no use any more; null: after the hub's default. At most two days ahead, later counts as two days.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public Acknowledgement Acknowledgement { get; init; }

    /// <summary>Application properties. Names are ASCII tokens (they may become HTTP header names), values any text, null for none.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Properties { get; init; } = [];

    public ReadOnlyMemory<byte> Body { get; init; }
}
