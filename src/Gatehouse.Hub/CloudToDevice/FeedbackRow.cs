namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A row of <c>feedback_records</c>: what became of one message.</summary>
internal sealed record FeedbackRow
{
    public string Hub { get; init; } = "";

    public string Id { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public string MessageId { get; init; } = "";

    public long Outcome { get; init; }

    public long Recorded { get; init; }

    internal MessageOutcome Status => (MessageOutcome)Outcome;
}
