namespace Gatehouse.Hub.Rotation;

/// <summary>How many identities of a plan are how far.</summary>
public sealed record RotationProgress
{
    /// <summary>Nothing is changed yet.</summary>
    public required long Waiting { get; init; }

    /// <summary>The key to which they move is new, and they have not used it.</summary>
    public required long Renewed { get; init; }

    /// <summary>They have used it, and may still use the old one.</summary>
    public required long Moved { get; init; }

    /// <summary>Both keys are new.</summary>
    public required long Done { get; init; }

    /// <summary>They keep their old key: the time was over before they had moved.</summary>
    public required long Kept { get; init; }

    /// <summary>Somebody changed or deleted them while the plan ran.</summary>
    public required long Skipped { get; init; }

    /// <summary>Named when the plan was made, but it can do nothing for them.</summary>
    public required long LeftOut { get; init; }

    public required long RolledBack { get; init; }

    /// <summary>Of <see cref="Renewed"/> and <see cref="Moved"/>: whose new key is older than a key must be unused.</summary>
    public required long Lagging { get; init; }

    /// <summary>The plan is not through with them.</summary>
    public required long Open { get; init; }

    internal long All => Open + Done + Kept + Skipped + LeftOut + RolledBack;
}
