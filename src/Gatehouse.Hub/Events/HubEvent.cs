namespace Gatehouse.Hub.Events;

/// <summary>An event as back ends see it; names are those of the wire.</summary>
/// <remarks>Beside <see cref="Annotations"/> every door adds the stamps that it can derive: <c>iothub-enqueuedtime</c> and <c>x-opt-enqueued-time</c> (<see cref="EnqueuedTime"/>),
/// <c>x-opt-sequence-number</c>, <c>x-opt-offset</c>, <c>x-opt-partition-key</c> (the device id). Source: IoT Hub "Create and read IoT Hub messages" page.</remarks>
public sealed record HubEvent
{
    public required int Partition { get; init; }

    /// <summary>0 or more, without gaps within the partition.</summary>
    public required long SequenceNumber { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Null only for events that no device sent.</summary>
    public string? DeviceId { get; init; }

    /// <summary>AMQP properties: <c>message-id</c>, <c>correlation-id</c>, <c>user-id</c>, <c>to</c>, <c>absolute-expiry-time</c>, <c>content-type</c>, <c>content-encoding</c>.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Properties { get; init; }

    /// <summary>Stamps of the hub and system properties that travel as message annotations.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Annotations { get; init; }

    /// <summary>The device's own properties; a null value was a key without <c>=</c>. A key occurs once, with its last value.</summary>
    public required IReadOnlyDictionary<string, string?> ApplicationProperties { get; init; }

    /// <summary>Exactly as the device sent it.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    public string? ContentType => Properties.FirstOrDefault(property => property.Key == "content-type").Value;

    public string? ContentEncoding => Properties.FirstOrDefault(property => property.Key == "content-encoding").Value;
}
