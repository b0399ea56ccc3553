namespace Gatehouse.Hub.Rotation;

/// <summary>What is to be rotated, and how.</summary>
public sealed record RotationInput
{
    /// <summary><c>policy-key</c>, <c>device-key</c> or <c>ca</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Of <c>ca</c>: name of the CA certificate that goes.</summary>
    public string? Subject { get; init; }

    /// <summary>Of <c>ca</c>: name of the CA certificate that devices move to.</summary>
    public string? Successor { get; init; }

    /// <summary>Of <c>policy-key</c>: name of the shared access policy.</summary>
    public string? Policy { get; init; }

    /// <summary>Of kinds with two keys, <c>primaryKey</c> or <c>secondaryKey</c>: the one to regenerate first; null for the one that was not used, or not for longer.</summary>
    public string? FirstKey { get; init; }

    /// <summary>Of <c>device-key</c>: ids of devices (<c>id</c>) and modules (<c>device/module</c>), at most 10,000; or null, and <see cref="Query"/> says.</summary>
    public IReadOnlyList<string>? Devices { get; init; }

    /// <summary>Of <c>device-key</c>: a condition over the registry, as jobs take it; at most 100,000 devices or modules.</summary>
    public string? Query { get; init; }

    /// <summary>Of <c>device-key</c>: how many of them go first, 0–1,000; the others follow when these are through.</summary>
    public int? Canary { get; init; }

    /// <summary>Of <c>device-key</c>: who goes first, by id.</summary>
    public IReadOnlyList<string>? CanaryDevices { get; init; }

    /// <summary>Of <c>device-key</c>: each device is told by a desired property which of its keys to use.</summary>
    public bool Tell { get; init; }

    /// <summary>How long nobody may have used a key before it is regenerated.</summary>
    /// <remarks>Seconds, 10–34,560,000 (400 days), default 86,400. Longer than the longest pause of a client that keeps the key. Source: own.</remarks>
    public long? UnusedForSeconds { get; init; }

    /// <summary>How long clients may take to move: after it the old key is regenerated although somebody uses it, and what stands on it is closed at once.</summary>
    /// <remarks>Seconds, 10–34,560,000; null for as long as it takes, so that nobody is cut off. Source: own.</remarks>
    public long? AtLatestSeconds { get; init; }

    /// <summary>When the plan begins by itself: ISO 8601 with its zone, 400 days ahead at most; null: when somebody starts it.</summary>
    public string? BeginAt { get; init; }

    /// <summary>The same as seconds from now, 1–34,560,000.</summary>
    public long? BeginInSeconds { get; init; }
}

/// <summary>A plan and how far it is.</summary>
public sealed record RotationPlan
{
    /// <summary>Null for a rehearsal.</summary>
    public required string? Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Name of what is rotated; for <c>policy-key</c> that of the policy.</summary>
    public required string Subject { get; init; }

    /// <summary>The credential that clients move to; null where each device has its own.</summary>
    public required string? FirstKey { get; init; }

    /// <summary>The credential that they leave.</summary>
    public required string? LastKey { get; init; }

    public required string State { get; init; }

    public required TimeSpan UnusedFor { get; init; }

    public required TimeSpan? AtLatest { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset? Ended { get; init; }

    /// <summary>When it begins, or began, by itself; null for one that somebody starts.</summary>
    public DateTimeOffset? Begins { get; init; }

    /// <summary>Whether the rule of its kind has made it.</summary>
    public bool IsByRule { get; init; }

    /// <summary>What it waits for, or how it ended, and what is to be done.</summary>
    public required string Message { get; init; }

    public required IReadOnlyList<RotationStep> Steps { get; init; }

    /// <summary>Who would fail if the credential that goes went now; null in lists, for kinds that cannot name them, and for plans that have ended.</summary>
    public RotationLaggards? Laggards { get; init; }

    /// <summary>Where it is over many identities: how far they are; null in lists and for other kinds.</summary>
    public RotationProgress? Progress { get; init; }

    /// <summary>The same of those that go first; null when there are none.</summary>
    public RotationProgress? Canary { get; init; }

    /// <summary>Who was named but gets no new keys from it, with the reason.</summary>
    public RotationLaggards? LeftOut { get; init; }

    /// <summary>Whether devices are told by a desired property.</summary>
    public bool Tells { get; init; }

    internal static RotationPlan From(RotationRow row, IRotationKind kind) => Head(row) with
    {
        FirstKey = row.FirstKey,
        LastKey = kind.LastKey(row),
        Steps = [.. FirstSteps(row, kind.WordsFor(row).FirstSteps), .. LastSteps(row, kind.WordsFor(row))],
    };

    /// <summary>What all kinds have.</summary>
    internal static RotationPlan Head(RotationRow row) => new()
    {
        Id = row.PlanId.Length == 0 ? null : row.PlanId,
        Kind = row.Kind,
        Subject = row.Subject,
        FirstKey = null,
        LastKey = null,
        State = row.State,
        UnusedFor = TimeSpan.FromTicks(row.Quiet),
        AtLatest = row.AtLatest == 0 ? null : TimeSpan.FromTicks(row.AtLatest),
        Created = new DateTimeOffset(row.Created, TimeSpan.Zero),
        Ended = TimeOf(row.Ended),
        Begins = TimeOf(row.Begins),
        IsByRule = row.ByRule == 1,
        Message = row.Message,
        Steps = [],
    };

    private static IEnumerable<RotationStep> FirstSteps(RotationRow row, IReadOnlyList<string> names)
    {
        if (names is not [var wait, var change])
        {
            yield break;
        }

        var isDone = row.Renewed > 0;
        var state = isDone ? RotationStates.Done : row.Started > 0 ? row.State : RotationStates.Planned;
        yield return new(wait, state, TimeOf(row.Started), TimeOf(row.Renewed), TimeSpan.FromTicks(isDone ? row.Quiet : row.Watched), isDone ? 0 : row.Live);
        yield return new(change, isDone ? RotationStates.Done : RotationStates.Planned, TimeOf(row.Renewed), TimeOf(row.Renewed), null, null);
    }

    private static IEnumerable<RotationStep> LastSteps(RotationRow row, RotationWords words)
    {
        var (isMoving, isMoved) = (row.Renewed > 0, row.State == RotationStates.Done);
        yield return new(
            $"clients move to the {words.First}; wait until nobody uses the {words.Last}",
            isMoving ? row.State : RotationStates.Planned,
            TimeOf(row.Renewed),
            isMoved ? TimeOf(row.Ended) : null,
            TimeSpan.FromTicks(isMoving ? row.Watched : 0),
            isMoving ? row.Live : null);
        yield return new(words.LastStep, isMoved ? RotationStates.Done : RotationStates.Planned, isMoved ? TimeOf(row.Ended) : null, isMoved ? TimeOf(row.Ended) : null, null, null);
    }

    private static DateTimeOffset? TimeOf(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
}

/// <param name="Name">What it does.</param>
/// <param name="State">By <see cref="RotationStates"/>.</param>
/// <param name="Began">Null: not yet.</param>
/// <param name="Ended">Null: not yet.</param>
/// <param name="Watched">How long nobody has used the key; null where nothing is watched.</param>
/// <param name="Live">Sessions, and rights on AMQP connections, that stood on the key at the last look; null where nothing is watched.</param>
public sealed record RotationStep(string Name, string State, DateTimeOffset? Began, DateTimeOffset? Ended, TimeSpan? Watched, long? Live);

/// <param name="Count">All of them.</param>
/// <param name="Named">The first of them.</param>
public sealed record RotationLaggards(long Count, IReadOnlyList<RotationLaggard> Named);

/// <param name="Identity">Device or <c>device/module</c>.</param>
/// <param name="Reason">One sentence.</param>
public sealed record RotationLaggard(string Identity, string Reason);

/// <summary>States of plans and steps.</summary>
public static class RotationStates
{
    /// <summary>Its devices are not all chosen yet.</summary>
    public const string Gathering = "gathering";

    public const string Planned = "planned";

    /// <summary>It begins by itself when its time has come.</summary>
    public const string Waiting = "waiting";

    public const string Running = "running";
    public const string Paused = "paused";
    public const string Done = "done";
    public const string Cancelled = "cancelled";
    public const string Failed = "failed";

    /// <summary>On its way back: who has not moved stays with the old key.</summary>
    public const string RollingBack = "rolling-back";

    public const string RolledBack = "rolled-back";
}
