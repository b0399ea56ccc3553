namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Feedback of one hub that waits for its batch.</summary>
internal sealed record WaitingFeedback
{
    public string Hub { get; init; } = "";

    public long Records { get; init; }

    public long Oldest { get; init; }
}
