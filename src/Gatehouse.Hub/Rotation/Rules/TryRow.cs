namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>A row of <c>rotation_tries</c>.</summary>
internal sealed record TryRow
{
    public string Hub { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Subject { get; init; } = "";

    public long Tried { get; init; }

    public long Retry { get; init; }

    /// <summary>1: their keys are another rule's affair.</summary>
    public long IsLeftOut { get; init; }

    public string Reason { get; init; } = "";
}
