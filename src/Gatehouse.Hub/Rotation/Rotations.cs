using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Hub.Rotation.Rules;
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

    /// <summary>Both keys of devices and modules, of each its own.</summary>
    public const string DeviceKey = "device-key";

    internal const int KeptEnded = 100;
    private const int MaxNamedLaggards = 20;
    internal const long MinSeconds = 10;
    internal const long MaxSeconds = 400 * 86_400;
    internal const long DefaultUnusedSeconds = 86_400;

    private readonly Database database;
    private readonly RotationKinds kinds;
    private readonly FleetPlans? fleets;
    private readonly GenerationIds ids;
    private readonly TimeProvider time;

    internal Rotations(Database database, RotationKinds kinds, FleetPlans? fleets, GenerationIds ids, TimeProvider time) =>
        (this.database, this.kinds, this.fleets, this.ids, this.time) = (database, kinds, fleets, ids, time);

    /// <summary>The newest first; of those that have ended the last hundred are kept.</summary>
    public async Task<IReadOnlyList<RotationPlan>> ListAsync(HubName hub, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync((connection, cancel) => RotationRows.ListAsync(connection, hub, cancel), cancellationToken)).SelectMany(Shown)];

    /// <summary>GenericNotFound.</summary>
    public async Task<Result<RotationPlan>> FindAsync(HubName hub, string planId, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken);
        return row is not null && await ShowAsync(row, cancellationToken) is { } plan ? plan : NotFound(planId);
    }

    /// <summary>Makes a plan, which does nothing until it is started. GenericNotFound for what is to be rotated, GenericConflict while it has an open plan.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="input">What and how; ArgumentInvalid.</param>
    /// <param name="isDrill">Only says what the plan would be.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<Result<RotationPlan>> CreateAsync(HubName hub, RotationInput input, bool isDrill, string actor, CancellationToken cancellationToken) => CreateAsync(hub, input, isDrill, actor, null, cancellationToken);

    /// <summary>The same for a rule: the plan begins by itself, at once.</summary>
    internal async Task<Result<RotationPlan>> CreateAsync(HubName hub, RotationInput input, bool isDrill, string actor, RuleOrder? rule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var kind = kinds.Find(input.Kind);
        if (kind is null && (fleets is null || input.Kind != DeviceKey))
        {
            return HubErrors.ArgumentInvalid.With($"kind must be {(fleets is null ? "" : $"{DeviceKey} or ")}{kinds.Names}.");
        }

        if (input.UnusedForSeconds is < MinSeconds or > MaxSeconds || input.AtLatestSeconds is < MinSeconds or > MaxSeconds)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"unusedForSeconds and atLatestSeconds must be {MinSeconds}–{MaxSeconds} seconds."));
        }

        var now = time.GetUtcNow();
        var begins = BeginTime.Read(input, now);
        if (!begins.IsOk)
        {
            return begins.Error;
        }

        var draft = new RotationRow
        {
            Hub = hub.Value,
            Kind = input.Kind!,
            Actor = actor,
            State = begins.Value > 0 || rule is not null ? RotationStates.Waiting : RotationStates.Planned,
            Begins = rule is null ? begins.Value : now.UtcTicks,
            IsFirstGiven = input.FirstKey is null ? 0 : 1,
            ByRule = rule is null ? 0 : 1,
            Order = rule,
            Quiet = (input.UnusedForSeconds ?? DefaultUnusedSeconds) * TimeSpan.TicksPerSecond,
            AtLatest = (input.AtLatestSeconds ?? 0) * TimeSpan.TicksPerSecond,
            Created = now.UtcTicks,
            Message = rule is not null ? "Its rule has made it; it begins in a moment."
                : begins.Value == 0 ? "Nothing is changed yet; start it when its steps are as you want them." : $"Nothing is changed yet; it begins by itself at {BeginTime.Readable(begins.Value)}, or when it is started.",
        };
        if (kind is null)
        {
            return await fleets!.CreateAsync(draft, input, isDrill, cancellationToken);
        }

        var drawn = await kind.DrawAsync(draft, input, cancellationToken);
        if (!drawn.IsOk)
        {
            return drawn.Error;
        }

        return isDrill ? (await ShowAsync(drawn.Value, cancellationToken))! : await database.WriteAsync((write, cancel) => InsertAsync(write, kind, drawn.Value, cancel), cancellationToken);
    }

    /// <summary>Begins a plan. InvalidOperation unless it is planned, or waits for its time.</summary>
    public Task<Result<RotationPlan>> StartAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.start", [RotationStates.Planned, RotationStates.Waiting], (row, _) => Begun(row, kinds, actor, time.GetUtcNow().UtcTicks), cancellationToken);

    /// <summary>Stops a plan where it is; both credentials go on being good. InvalidOperation unless it is running.</summary>
    public Task<Result<RotationPlan>> PauseAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.pause", [RotationStates.Running], (row, words) => row.Rewatched() with { State = RotationStates.Paused, Message = $"Paused: both {words.What}s are good until it is resumed." }, cancellationToken);

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
            [RotationStates.Planned, RotationStates.Waiting, RotationStates.Running, RotationStates.Paused, RotationStates.RollingBack],
            (row, words) => row with
            {
                State = RotationStates.Cancelled,
                Ended = time.GetUtcNow().UtcTicks,
                Message = words.Cancelled ?? (row.Renewed == 0 ? "Cancelled; nothing was changed." : $"Cancelled: the {words.Last} stays good, and so does the new {words.First}."),
            },
            cancellationToken);

    /// <summary>Takes back what can be taken back: who has not moved stays with the old key, and the new one becomes worthless; who has moved stays moved. InvalidOperation unless it is running or paused, and for kinds that have nothing to take back.</summary>
    public async Task<Result<RotationPlan>> RollBackAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken);
        return row is { Kind: not DeviceKey }
            ? HubErrors.InvalidOperation.With("Only plans for the keys of devices are rolled back, device by device. Cancel this one: both of what it is about stay good.")
            : await ChangeAsync(hub, planId, actor, "rotation.roll-back", [RotationStates.Running, RotationStates.Paused], static (row, _) => row.Rewatched() with { State = RotationStates.RollingBack, Message = "Those that have not moved go back to their old keys." }, cancellationToken);
    }

    internal static void Record(WriteTransaction write, RotationRow row, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["kind"] = row.Kind,
            ["subject"] = row.Subject,
            ["firstKey"] = row.FirstKey,
            ["unusedForSeconds"] = row.Quiet / TimeSpan.TicksPerSecond,
            ["atLatestSeconds"] = row.AtLatest == 0 ? null : row.AtLatest / TimeSpan.TicksPerSecond,
            ["begins"] = row.Begins == 0 ? null : new DateTime(row.Begins, DateTimeKind.Utc),
            ["message"] = row.Message,
        };
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.PlanId, Detail = detail.ToJsonString() });
    }

    internal static RotationRow Begun(RotationRow row, RotationKinds kinds, string actor, long now) =>
        row with { State = RotationStates.Running, Actor = actor, Started = now, Renewed = kinds.Find(row.Kind) is { RenewsFirst: false } ? now : 0, Message = "It begins." };

    internal static HubError NotFound(string planId) => HubErrors.GenericNotFound.With($"There is no rotation plan '{ResourceName.Cut(planId)}'.");

    /// <summary>Whether plans of this kind are made here.</summary>
    internal bool HasKind(string kind) => kind == DeviceKey ? fleets is not null : kinds.Find(kind) is not null;

    /// <summary>With who lags behind; null for a kind that this version does not know.</summary>
    private async Task<RotationPlan?> ShowAsync(RotationRow row, CancellationToken cancellationToken)
    {
        if (row.Kind == DeviceKey)
        {
            return fleets is null ? null : await fleets.ShowWholeAsync(row, cancellationToken);
        }

        return kinds.Find(row.Kind) is not { } kind ? null
            : RotationPlan.From(row, kind) with { Laggards = row.Ended > 0 ? null : await kind.FindLaggardsAsync(row, MaxNamedLaggards, cancellationToken) };
    }

    private IEnumerable<RotationPlan> Shown(RotationRow row) =>
        row.Kind == DeviceKey && fleets is not null ? [FleetView.Brief(row)] : kinds.Find(row.Kind) is { } kind ? [RotationPlan.From(row, kind)] : [];

    private RotationWords? WordsOf(RotationRow row) => row.Kind == DeviceKey && fleets is not null ? FleetView.Words : kinds.Find(row.Kind)?.WordsFor(row);

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
        if (made.Order is { } order && !await order.FillAsync(write, made, cancellationToken))
        {
            return RuleOrder.Gone;
        }

        await RotationRows.InsertAsync(write, made, cancellationToken);
        await RotationRows.PruneAsync(write, hub, KeptEnded, cancellationToken);
        Record(write, made, made.Actor, "rotation.create");
        return RotationPlan.From(made, kind);
    }

    private async Task<Result<RotationPlan>> ChangeAsync(
        HubName hub, string planId, string actor, string action, string[] from, Func<RotationRow, RotationWords, RotationRow> change, CancellationToken cancellationToken)
    {
        var changed = await database.WriteAsync<RotationRow>(
            async (write, cancel) =>
            {
                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { } row || WordsOf(row) is not { } words)
                {
                    return NotFound(planId);
                }

                if (!from.Contains(row.State))
                {
                    return HubErrors.InvalidOperation.With($"The plan is {row.State}; it must be {string.Join(" or ", from)} for that.");
                }

                var next = change(row, words);
                await RotationRows.UpdateAsync(write, next, cancel);
                Record(write, next, actor, action);
                return next;
            },
            cancellationToken);
        return changed.IsOk ? (await ShowAsync(changed.Value, cancellationToken))! : changed.Error;
    }
}
