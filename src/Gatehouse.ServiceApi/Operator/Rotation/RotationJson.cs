using Gatehouse.Hub.Rotation;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary>A rotation plan in answers. It holds no key.</summary>
internal sealed record RotationJson
{
    /// <summary>Null for a rehearsal.</summary>
    public string? Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Name of what is rotated.</summary>
    public required string Subject { get; init; }

    /// <summary>The same for <c>policy-key</c>; null for other kinds.</summary>
    public string? Policy { get; init; }

    public required string? FirstKey { get; init; }

    public required string? LastKey { get; init; }

    public required string State { get; init; }

    public required string Message { get; init; }

    public required long UnusedForSeconds { get; init; }

    public long? AtLatestSeconds { get; init; }

    public required DateTime Created { get; init; }

    public DateTime? Ended { get; init; }

    /// <summary>When it begins, or began, by itself.</summary>
    public DateTime? Begins { get; init; }

    /// <summary>Whether the rule of its kind has made it.</summary>
    public required bool IsByRule { get; init; }

    public required IReadOnlyList<RotationStepJson> Steps { get; init; }

    /// <summary>Null where they are not known.</summary>
    public RotationLaggardsJson? Laggards { get; init; }

    /// <summary>Plans over devices only, as the next ones.</summary>
    public RotationProgress? Progress { get; init; }

    public RotationProgress? Canary { get; init; }

    public RotationLaggardsJson? LeftOut { get; init; }

    public bool? Tells { get; init; }

    internal static RotationJson From(RotationPlan plan) => new()
    {
        Id = plan.Id,
        Kind = plan.Kind,
        Subject = plan.Subject,
        Policy = plan.Kind == Rotations.PolicyKey ? plan.Subject : null,
        FirstKey = plan.FirstKey,
        LastKey = plan.LastKey,
        State = plan.State,
        Message = plan.Message,
        UnusedForSeconds = (long)plan.UnusedFor.TotalSeconds,
        AtLatestSeconds = (long?)plan.AtLatest?.TotalSeconds,
        Created = plan.Created.UtcDateTime,
        Ended = plan.Ended?.UtcDateTime,
        Begins = plan.Begins?.UtcDateTime,
        IsByRule = plan.IsByRule,
        Steps = [.. plan.Steps.Select(static step => new RotationStepJson(step.Name, step.State, step.Began?.UtcDateTime, step.Ended?.UtcDateTime, (long?)step.Watched?.TotalSeconds, step.Live))],
        Laggards = Laggers(plan.Laggards),
        Progress = plan.Progress,
        Canary = plan.Canary,
        LeftOut = Laggers(plan.LeftOut),
        Tells = plan.Kind == Rotations.DeviceKey ? plan.Tells : null,
    };

    private static RotationLaggardsJson? Laggers(RotationLaggards? all) =>
        all is null ? null : new RotationLaggardsJson(all.Count, [.. all.Named.Select(static each => new RotationLaggardJson(each.Identity, each.Reason))]);
}

/// <param name="Count">Who would fail if the credential that goes went now.</param>
/// <param name="Named">The first of them.</param>
internal sealed record RotationLaggardsJson(long Count, IReadOnlyList<RotationLaggardJson> Named);

/// <param name="Identity">Device or <c>device/module</c>.</param>
/// <param name="Reason">One sentence.</param>
internal sealed record RotationLaggardJson(string Identity, string Reason);

/// <param name="Name">What it does.</param>
/// <param name="State">As that of plans.</param>
/// <param name="Began">Null: not yet.</param>
/// <param name="Ended">Null: not yet.</param>
/// <param name="UnusedSeconds">How long nobody has used the key; steps that watch one.</param>
/// <param name="Live">Who stood on it at the last look; steps that watch one.</param>
internal sealed record RotationStepJson(string Name, string State, DateTime? Began, DateTime? Ended, long? UnusedSeconds, long? Live);
