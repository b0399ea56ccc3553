using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>Rules that make plans for keys of some age; <see cref="RuleLook"/> carries them out (decisions/0049).</summary>
public sealed class RotationRules : IRotationRules
{
    internal const int MaxDue = 1_000;
    private const long MinAgeSeconds = 60;
    private const long MaxAgeSeconds = 3_650 * 86_400;
    private const int MaxAtOnce = FleetChoice.MaxNamed;
    private const int MaxCanaries = 1_000;
    private const int DevicesAtOnce = 1_000;
    private const int PlansAtOnce = 10;

    private readonly Database database;
    private readonly AgedKinds ages;
    private readonly RotationKinds kinds;
    private readonly bool ofHubs;
    private readonly TimeProvider time;

    /// <param name="database">Where they are.</param>
    /// <param name="ages">All kinds.</param>
    /// <param name="kinds">Those of this door.</param>
    /// <param name="ofHubs">Whether it is that of hubs, which have devices.</param>
    /// <param name="time">Clock.</param>
    internal RotationRules(Database database, AgedKinds ages, RotationKinds kinds, bool ofHubs, TimeProvider time) =>
        (this.database, this.ages, this.kinds, this.ofHubs, this.time) = (database, ages, kinds, ofHubs, time);

    public async Task<IReadOnlyList<RuleView>> ListAsync(HubName tenant, CancellationToken cancellationToken)
    {
        var views = new List<RuleView>();
        foreach (var row in (await database.ReadAsync((connection, cancel) => RuleRows.ListAsync(connection, tenant, cancel), cancellationToken)).Where(row => IsShown(row.Kind)))
        {
            views.Add(await ViewAsync(row, cancellationToken));
        }

        return views;
    }

    public async Task<Result<RuleView>> SetAsync(HubName tenant, string kind, RuleInput input, string actor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (Fault(kind, input) is { } fault)
        {
            return fault;
        }

        var isOfDevices = kind == Rotations.DeviceKey;
        var row = new RuleRow
        {
            Hub = tenant.Value,
            Kind = kind,
            MaxAge = input.MaxAgeSeconds!.Value * TimeSpan.TicksPerSecond,
            Quiet = (input.UnusedForSeconds ?? Rotations.DefaultUnusedSeconds) * TimeSpan.TicksPerSecond,

            // For a device it only ends the waiting: its old key never goes before it has used the new one.
            AtLatest = (input.AtLatestSeconds ?? (isOfDevices ? Math.Min(input.MaxAgeSeconds.Value, Rotations.MaxSeconds) : 0)) * TimeSpan.TicksPerSecond,
            Tells = input.Tell ? 1 : 0,
            Canary = input.Canary ?? 0,
            AtOnce = input.AtOnce ?? (isOfDevices ? DevicesAtOnce : PlansAtOnce),
            Actor = actor,
            Changed = time.GetUtcNow().UtcTicks,
            Message = "It is new, and looks at the keys in a moment.",
        };
        var set = await database.WriteAsync<RuleRow>(
            async (write, cancel) =>
            {
                await RuleRows.PutAsync(write, row, cancel);
                Record(write, row, actor, "rotation.rule.set");
                return row;
            },
            cancellationToken);
        return set.IsOk ? await ViewAsync(set.Value, cancellationToken) : set.Error;
    }

    public async Task<Result<RuleView>> RemoveAsync(HubName tenant, string kind, string actor, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync<RuleRow>(
            async (write, cancel) =>
            {
                if (!IsShown(kind) || await RuleRows.LockAsync(write, database.Dialect, tenant, kind, cancel) is not { } row)
                {
                    return NotFound(kind);
                }

                await RuleRows.DeleteAsync(write, tenant, kind, cancel);
                Record(write, row, actor, "rotation.rule.remove");
                return row;
            },
            cancellationToken);
        return removed.IsOk ? await ViewAsync(removed.Value, cancellationToken) : removed.Error;
    }

    public async Task<Result<IReadOnlyList<DueView>>> ListDueAsync(HubName tenant, string kind, int max, CancellationToken cancellationToken)
    {
        if (max is < 1 or > MaxDue)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"max must be 1–{MaxDue}."));
        }

        var rules = await database.ReadAsync((connection, cancel) => RuleRows.ListAsync(connection, tenant, cancel), cancellationToken);
        if (!IsShown(kind) || rules.FirstOrDefault(each => each.Kind == kind) is not { } rule)
        {
            return NotFound(kind);
        }

        var pairs = await ages.Find(kind)!.ListAsync(tenant, long.MaxValue, null, max, cancellationToken);
        string[] names = [.. pairs.Select(static each => each.Name)];
        var (tries, plans) = await database.ReadAsync(
            async (connection, cancel) => (
                (await TryRows.FindAsync(connection, database.Dialect, tenant, kind, names, cancel)).ToDictionary(static each => each.Subject, StringComparer.Ordinal),
                kind == Rotations.DeviceKey
                    ? (await FleetRows.FindOpenAsync(connection, database.Dialect, tenant, names, cancel)).ToDictionary(static each => each.ToString(), static each => each.PlanId, StringComparer.Ordinal)
                    : (await RotationRows.ListOpenAsync(connection, tenant, kind, cancel)).ToDictionary(static each => each.Subject, static each => each.PlanId, StringComparer.Ordinal)),
            cancellationToken);
        return Result<IReadOnlyList<DueView>>.Of([.. pairs.Select(pair => Due(rule, pair, tries.GetValueOrDefault(pair.Name), plans.GetValueOrDefault(pair.Name)))]);
    }

    private DueView Due(RuleRow rule, AgedKeys pair, TryRow? tried, string? plan)
    {
        var now = time.GetUtcNow().UtcTicks;
        var isOver = pair.Made + rule.MaxAge < now;
        var isHeld = tried is not null && tried.Retry > now && tried.Retry <= now + RuleRow.MaxRetry.Ticks;

        // What was tried before the key was made says nothing of this one.
        var isOfThis = tried is not null && tried.Tried > pair.Made;
        return new DueView
        {
            Subject = pair.Name,
            Made = new DateTime(pair.Made, DateTimeKind.Utc),
            Due = new DateTime(Math.Min(pair.Made + rule.MaxAge, DateTime.MaxValue.Ticks), DateTimeKind.Utc),
            State = plan is not null ? "in-plan" : tried is { IsLeftOut: 1 } ? "left-out" : !isOver ? "later" : isHeld ? "tried" : "due",
            Plan = plan,
            Reason = isOfThis ? tried!.Reason : null,
            Retry = isOver && isHeld && plan is null ? new DateTime(tried!.Retry, DateTimeKind.Utc) : null,
        };
    }

    private async Task<RuleView> ViewAsync(RuleRow row, CancellationToken cancellationToken)
    {
        var keys = ages.Find(row.Kind)!;
        var now = time.GetUtcNow().UtcTicks;
        var oldest = await keys.ListAsync(row.Tenant, long.MaxValue, null, 1, cancellationToken);
        return new RuleView
        {
            Kind = row.Kind,
            MaxAgeSeconds = row.MaxAge / TimeSpan.TicksPerSecond,
            UnusedForSeconds = row.Quiet / TimeSpan.TicksPerSecond,
            AtLatestSeconds = row.AtLatest == 0 ? null : row.AtLatest / TimeSpan.TicksPerSecond,
            AtOnce = row.AtOnce,
            Tell = row.Tells == 1,
            Canary = row.Canary,
            OverAge = await keys.CountAsync(row.Tenant, now - row.MaxAge, cancellationToken),
            Overdue = await keys.CountAsync(row.Tenant, now - row.Overdue, cancellationToken),
            NextDue = oldest is [var first] ? new DateTime(Math.Min(first.Made + row.MaxAge, DateTime.MaxValue.Ticks), DateTimeKind.Utc) : null,
            Message = row.Message,
            Changed = new DateTime(row.Changed, DateTimeKind.Utc),
        };
    }

    private HubError? Fault(string kind, RuleInput input) =>
        !IsShown(kind) ? HubErrors.ArgumentInvalid.With($"There are rules for {Names}; '{ResourceName.Cut(kind)}' is none of them.")
        : input.MaxAgeSeconds is not (>= MinAgeSeconds and <= MaxAgeSeconds) ? Invalid($"maxAgeSeconds must be {MinAgeSeconds}–{MaxAgeSeconds}.")
        : input.UnusedForSeconds is < Rotations.MinSeconds or > Rotations.MaxSeconds || input.AtLatestSeconds is < Rotations.MinSeconds or > Rotations.MaxSeconds ? Invalid($"unusedForSeconds and atLatestSeconds must be {Rotations.MinSeconds}–{Rotations.MaxSeconds} seconds.")
        : input.MaxAgeSeconds < 2 * (input.UnusedForSeconds ?? Rotations.DefaultUnusedSeconds) ? Invalid($"maxAgeSeconds must be at least twice unusedForSeconds ({input.UnusedForSeconds ?? Rotations.DefaultUnusedSeconds}): a plan watches each of the two keys for so long, and would begin anew before it has ended.")
        : input.AtOnce is < 1 or > MaxAtOnce ? Invalid($"atOnce must be 1–{MaxAtOnce}.")
        : kind != Rotations.DeviceKey && (input.Tell || input.Canary is not null) ? Invalid($"tell and canary are for {Rotations.DeviceKey}.")
        : input.Canary is < 0 or > MaxCanaries ? Invalid($"canary must be 0–{MaxCanaries}.")
        : null;

    private static HubError Invalid(FormattableString text) => HubErrors.ArgumentInvalid.With(text.ToString(CultureInfo.InvariantCulture));

    private static HubError NotFound(string kind) => HubErrors.GenericNotFound.With($"There is no rule for '{ResourceName.Cut(kind)}'.");

    private string Names => string.Join(" or ", ages.All.Select(static each => each.Kind).Where(IsShown).Order(StringComparer.Ordinal));

    // At either door nobody sees the rules of the other.
    private bool IsShown(string kind) => ages.Find(kind) is not null && (kind == Rotations.DeviceKey ? ofHubs : kinds.Find(kind) is not null);

    private static void Record(WriteTransaction write, RuleRow row, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["maxAgeSeconds"] = row.MaxAge / TimeSpan.TicksPerSecond,
            ["unusedForSeconds"] = row.Quiet / TimeSpan.TicksPerSecond,
            ["atLatestSeconds"] = row.AtLatest == 0 ? null : row.AtLatest / TimeSpan.TicksPerSecond,
            ["atOnce"] = row.AtOnce,
            ["tell"] = row.Tells == 1,
            ["canary"] = row.Canary,
        };
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.Kind, Detail = detail.ToJsonString() });
    }
}
