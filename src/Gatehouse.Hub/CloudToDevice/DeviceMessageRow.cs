using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A row of <c>device_messages</c>.</summary>
internal sealed record DeviceMessageRow
{
    public string Hub { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public long Sequence { get; init; }

    public string? MessageId { get; init; }

    public long Ack { get; init; }

    public byte[] Content { get; init; } = [];

    public long Enqueued { get; init; }

    public long Expires { get; init; }

    public long DeliveryCount { get; init; }

    internal DeviceQueue Queue => new(HubName.Parse(Hub), Contracts.Identities.DeviceId.Parse(DeviceId), GenerationId);

    internal Acknowledgement Acknowledgement => (Acknowledgement)Ack;
}
