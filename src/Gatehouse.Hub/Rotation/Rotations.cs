using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>Plans that replace credentials without cutting anybody off; <see cref="RotationRunner"/> carries them out.</summary>
/// <remarks>The order is that of the two-key discipline: decisions/0040.</remarks>
public sealed class Rotations
{
    /// <summary>Both keys of a shared access policy.</summary>
    public const string PolicyKey = "policy-key";

    /// <summary>From one CA certificate of the hub to another.</summary>
    public const string Ca = "ca";

    private const int KeptEnded = 100;
    private const int MaxNamedLaggards = 20;
    private const long MinSeconds = 10;
    private const long MaxSeconds = 400 * 86_400;
    private const long DefaultUnusedSeconds = 86_400;

    private readonly Database database;
    private readonly RotationKinds kinds;
    private readonly GenerationIds ids;
    private readonly TimeProvider time;

    internal Rotations(Database database, RotationKinds kinds, GenerationIds ids, TimeProvider time) => (this.database, this.kinds, this.ids, this.time) = (database, kinds, ids, time);

    /// <summary>The newest first; of those that have ended the last hundred are kept.</summary>
    public async Task<IReadOnlyList<RotationPlan>> ListAsync(HubName hub, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync((connection, cancel) => RotationRows.ListAsync(connection, hub, cancel), cancellationToken)).SelectMany(Shown)];

    /// <summary>GenericNotFound.</summary>
    public async Task<Result<RotationPlan>> FindAsync(HubName hub, string planId, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken) is not { } row || kinds.Find(row.Kind) is not { } kind)
        {
            return NotFound(planId);
        }

        return await WithLaggardsAsync(row, kind, cancellationToken);
    }

    /// <summary>Makes a plan, which does nothing until it is started. GenericNotFound for what is to be rotated, GenericConflict while it has an open plan.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="input">What and how; ArgumentInvalid.</param>
    /// <param name="isDrill">Only says what the plan would be.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Result<RotationPlan>> CreateAsync(HubName hub, RotationInput input, bool isDrill, string actor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (kinds.Find(input.Kind) is not { } kind)
        {
            return HubErrors.ArgumentInvalid.With($"kind must be {kinds.Names}.");
        }

        if (input.UnusedForSeconds is < MinSeconds or > MaxSeconds || input.AtLatestSeconds is < MinSeconds or > MaxSeconds)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"unusedForSeconds and atLatestSeconds must be {MinSeconds}–{MaxSeconds} seconds."));
        }

        var draft = new RotationRow
        {
            Hub = hub.Value,
            Kind = kind.Name,
            Actor = actor,
            State = RotationStates.Planned,
            Quiet = (input.UnusedForSeconds ?? DefaultUnusedSeconds) * TimeSpan.TicksPerSecond,
            AtLatest = (input.AtLatestSeconds ?? 0) * TimeSpan.TicksPerSecond,
            Created = time.GetUtcNow().UtcTicks,
            Message = "Nothing is changed yet; start it when its steps are as you want them.",
        };
        var drawn = await kind.DrawAsync(draft, input, cancellationToken);
        if (!drawn.IsOk)
        {
            return drawn.Error;
        }

        return isDrill ? await WithLaggardsAsync(drawn.Value, kind, cancellationToken) : await database.WriteAsync((write, cancel) => InsertAsync(write, kind, drawn.Value, cancel), cancellationToken);
    }

    /// <summary>Begins a plan. InvalidOperation unless it is planned.</summary>
    public Task<Result<RotationPlan>> StartAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.start", [RotationStates.Planned], (row, kind) => Begun(row, kind, actor), cancellationToken);

    /// <summary>Stops a plan where it is; both credentials go on being good. InvalidOperation unless it is running.</summary>
    public Task<Result<RotationPlan>> PauseAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.pause", [RotationStates.Running], (row, kind) => row.Rewatched() with { State = RotationStates.Paused, Message = $"Paused: both {kind.WordsFor(row).What}s are good until it is resumed." }, cancellationToken);

    /// <summary>Goes on where it was paused; the watch begins anew. InvalidOperation unless it is paused.</summary>
    public Task<Result<RotationPlan>> ResumeAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.resume", [RotationStates.Paused], (row, _) => row.Rewatched() with { State = RotationStates.Running, Message = "It goes on." }, cancellationToken);

    /// <summary>Ends a plan for good. Both credentials stay as they are now, and good: clients that have moved stay where they are, the others need not move. InvalidOperation when it has ended.</summary>
    public Task<Result<RotationPlan>> CancelAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(
            hub,
            planId,
            actor,
            "rotation.cancel",
            [RotationStates.Planned, RotationStates.Running, RotationStates.Paused],
            (row, kind) => row with
            {
                State = RotationStates.Cancelled,
                Ended = time.GetUtcNow().UtcTicks,
                Message = row.Renewed == 0 ? "Cancelled; nothing was changed." : $"Cancelled: the {kind.WordsFor(row).Last} stays good, and so does the new {kind.WordsFor(row).First}.",
            },
            cancellationToken);

    internal static void Record(WriteTransaction write, RotationRow row, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["kind"] = row.Kind,
            ["subject"] = row.Subject,
            ["firstKey"] = row.FirstKey,
            ["unusedForSeconds"] = row.Quiet / TimeSpan.TicksPerSecond,
            ["atLatestSeconds"] = row.AtLatest == 0 ? null : row.AtLatest / TimeSpan.TicksPerSecond,
            ["message"] = row.Message,
        };
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.PlanId, Detail = detail.ToJsonString() });
    }

    private static HubError NotFound(string planId) => HubErrors.GenericNotFound.With($"There is no rotation plan '{ResourceName.Cut(planId)}'.");

    private static async Task<RotationPlan> WithLaggardsAsync(RotationRow row, IRotationKind kind, CancellationToken cancellationToken) =>
        RotationPlan.From(row, kind) with { Laggards = row.Ended > 0 ? null : await kind.FindLaggardsAsync(row, MaxNamedLaggards, cancellationToken) };

    private IEnumerable<RotationPlan> Shown(RotationRow row) => kinds.Find(row.Kind) is { } kind ? [RotationPlan.From(row, kind)] : [];

    private RotationRow Begun(RotationRow row, IRotationKind kind, string actor)
    {
        var now = time.GetUtcNow().UtcTicks;
        return row with { State = RotationStates.Running, Actor = actor, Started = now, Renewed = kind.RenewsFirst ? 0 : now, Message = "It begins." };
    }

    private async Task<Result<RotationPlan>> InsertAsync(WriteTransaction write, IRotationKind kind, RotationRow drawn, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(drawn.Hub);
        if (await kind.LockAsync(write, database.Dialect, hub, cancellationToken) is { } missing)
        {
            return missing;
        }

        if (await kind.MarkAsync(write, drawn, cancellationToken) is not { } mark)
        {
            return HubErrors.GenericNotFound.With($"The {kind.WordsFor(drawn).Subject} was deleted in the meantime.");
        }

        if (await kind.FindRivalAsync(write, drawn, cancellationToken) is { } open)
        {
            return HubErrors.GenericConflict.With($"The plan {open} rotates the {kind.WordsFor(drawn).Subject} already; let it end or cancel it first.");
        }

        var made = drawn with { PlanId = ids.Next(), ETag = mark };
        await RotationRows.InsertAsync(write, made, cancellationToken);
        await RotationRows.PruneAsync(write, hub, KeptEnded, cancellationToken);
        Record(write, made, made.Actor, "rotation.create");
        return RotationPlan.From(made, kind);
    }

    private Task<Result<RotationPlan>> ChangeAsync(HubName hub, string planId, string actor, string action, string[] from, Func<RotationRow, IRotationKind, RotationRow> change, CancellationToken cancellationToken) =>
        database.WriteAsync<RotationPlan>(
            async (write, cancel) =>
            {
                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { } row || kinds.Find(row.Kind) is not { } kind)
                {
                    return NotFound(planId);
                }

                if (!from.Contains(row.State))
                {
                    return HubErrors.InvalidOperation.With($"The plan is {row.State}; it must be {string.Join(" or ", from)} for that.");
                }

                var changed = change(row, kind);
                await RotationRows.UpdateAsync(write, changed, cancel);
                Record(write, changed, actor, action);
                return RotationPlan.From(changed, kind);
            },
            cancellationToken);
}
