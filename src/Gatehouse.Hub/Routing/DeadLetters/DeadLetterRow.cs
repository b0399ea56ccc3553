namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>A row of <c>dead_letters</c>.</summary>
internal sealed record DeadLetterRow
{
    public long Part { get; init; }

    public long Sequence { get; init; }

    public long Buried { get; init; }

    public long Enqueued { get; init; }

    public string Reason { get; init; } = "";

    public long Size { get; init; }

    public byte[] Record { get; init; } = [];
}
