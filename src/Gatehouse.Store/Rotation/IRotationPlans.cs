using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Rotation;

/// <summary>Plans for what implements <see cref="IRotatedKeys"/>. Implemented by the hub's room, whose engine carries them out.</summary>
public interface IRotationPlans
{
    /// <summary>The newest first; of those that have ended the last hundred are kept.</summary>
    Task<IReadOnlyList<PlanView>> ListAsync(HubName tenant, CancellationToken cancellationToken);

    /// <summary>GenericNotFound.</summary>
    Task<Result<PlanView>> FindAsync(HubName tenant, string planId, CancellationToken cancellationToken);

    /// <summary>Makes a plan, which does nothing until it is started; a drill only says what it would be. ArgumentInvalid, GenericConflict, what <see cref="IRotatedKeys.FindAsync"/> says.</summary>
    Task<Result<PlanView>> CreateAsync(HubName tenant, PlanInput input, bool isDrill, string actor, CancellationToken cancellationToken);

    /// <summary>GenericNotFound; InvalidOperation where its state does not allow that; ArgumentInvalid for another word than <c>start</c>, <c>pause</c>, <c>resume</c> and <c>cancel</c>.</summary>
    Task<Result<PlanView>> ChangeAsync(HubName tenant, string planId, string change, string actor, CancellationToken cancellationToken);
}

/// <summary>What is to be rotated, and how.</summary>
public sealed record PlanInput
{
    /// <summary>As <see cref="IRotatedKeys.Kind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>Name of what has the keys.</summary>
    public string? Subject { get; init; }

    /// <summary><c>primaryKey</c> or <c>secondaryKey</c>: the one to regenerate first; null for the one that was not used, or not for longer.</summary>
    public string? FirstKey { get; init; }

    /// <summary>How long nobody may have used a key before it is regenerated. Seconds, 10–34,560,000, default 86,400. Source: own.</summary>
    public long? UnusedForSeconds { get; init; }

    /// <summary>How long clients may take to move. Seconds, 10–34,560,000; null for as long as it takes. Source: own.</summary>
    public long? AtLatestSeconds { get; init; }

    /// <summary>When it begins by itself: ISO 8601 with its zone, 400 days ahead at most; null: when somebody starts it.</summary>
    public string? BeginAt { get; init; }

    /// <summary>The same as seconds from now, 1–34,560,000.</summary>
    public long? BeginInSeconds { get; init; }
}

/// <summary>A plan and how far it is. It holds no key.</summary>
public sealed record PlanView
{
    /// <summary>Null for a rehearsal.</summary>
    public string? Id { get; init; }

    public required string Kind { get; init; }

    public required string Subject { get; init; }

    /// <summary>The key that clients move to.</summary>
    public required string FirstKey { get; init; }

    /// <summary>The key that they leave.</summary>
    public required string LastKey { get; init; }

    public required string State { get; init; }

    /// <summary>What it waits for, or how it ended, and what is to be done.</summary>
    public required string Message { get; init; }

    public required long UnusedForSeconds { get; init; }

    public long? AtLatestSeconds { get; init; }

    public required DateTime Created { get; init; }

    public DateTime? Ended { get; init; }

    /// <summary>When it begins, or began, by itself.</summary>
    public DateTime? Begins { get; init; }

    /// <summary>Whether the rule of its kind has made it.</summary>
    public required bool IsByRule { get; init; }

    public required IReadOnlyList<PlanStepView> Steps { get; init; }
}

/// <param name="Name">What it does.</param>
/// <param name="State">As that of plans.</param>
/// <param name="Began">Null: not yet.</param>
/// <param name="Ended">Null: not yet.</param>
/// <param name="UnusedSeconds">How long nobody has used the key; steps that watch one.</param>
/// <param name="Live">Who stood on it at the last look; steps that watch one.</param>
public sealed record PlanStepView(string Name, string State, DateTime? Began, DateTime? Ended, long? UnusedSeconds, long? Live);
