namespace Gatehouse.Hub.Notifications;

/// <summary>A row of <c>notifications</c>.</summary>
internal sealed record NotificationRow
{
    public string Hub { get; init; } = "";

    public long Kind { get; init; }

    public long Sequence { get; init; }

    public byte[] Body { get; init; } = [];

    public long Enqueued { get; init; }

    public long Expires { get; init; }

    public long DeliveryCount { get; init; }
}
