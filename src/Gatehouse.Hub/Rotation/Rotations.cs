using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>Plans that replace both keys of a policy without cutting anybody off; <see cref="RotationRunner"/> carries them out.</summary>
/// <remarks>The order is that of the two-key discipline: decisions/0040.</remarks>
public sealed class Rotations
{
    /// <summary>The one kind of plan.</summary>
    public const string PolicyKey = "policy-key";

    private const int KeptEnded = 100;
    private const long MinSeconds = 10;
    private const long MaxSeconds = 400 * 86_400;
    private const long DefaultUnusedSeconds = 86_400;

    private readonly Database database;
    private readonly CredentialUsage usage;
    private readonly GenerationIds ids;
    private readonly TimeProvider time;

    internal Rotations(Database database, CredentialUsage usage, GenerationIds ids, TimeProvider time) => (this.database, this.usage, this.ids, this.time) = (database, usage, ids, time);

    /// <summary>The newest first; of those that have ended the last hundred are kept.</summary>
    public async Task<IReadOnlyList<RotationPlan>> ListAsync(HubName hub, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync((connection, cancel) => RotationRows.ListAsync(connection, hub, cancel), cancellationToken)).Select(RotationPlan.From)];

    /// <summary>GenericNotFound.</summary>
    public async Task<Result<RotationPlan>> FindAsync(HubName hub, string planId, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken) is { } row ? RotationPlan.From(row) : NotFound(planId);

    /// <summary>Makes a plan, which does nothing until it is started. GenericNotFound for the policy, GenericConflict while it has an open plan.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="input">What and how; ArgumentInvalid.</param>
    /// <param name="isDrill">Only says what the plan would be.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Result<RotationPlan>> CreateAsync(HubName hub, RotationInput input, bool isDrill, string actor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (Check(input) is { } wrong)
        {
            return wrong;
        }

        // Its name as it is spelled, by which uses are known.
        var rows = await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, hub, cancel), cancellationToken);
        if (SharedAccessPolicies.Find(rows, input.Policy!) is not { } policy)
        {
            return SharedAccessPolicies.NotFound(input.Policy!);
        }

        var primary = await UseAsync(hub, policy.Name, CredentialName.PrimaryKey, cancellationToken);
        var secondary = await UseAsync(hub, policy.Name, CredentialName.SecondaryKey, cancellationToken);
        var first = input.FirstKey ?? (secondary is { } used && (primary is null || primary < used) ? CredentialName.PrimaryKey : CredentialName.SecondaryKey);
        var row = new RotationRow
        {
            Hub = hub.Value,
            Kind = PolicyKey,
            Subject = policy.Name,
            FirstKey = first,
            Actor = actor,
            State = RotationStates.Planned,
            Quiet = (input.UnusedForSeconds ?? DefaultUnusedSeconds) * TimeSpan.TicksPerSecond,
            AtLatest = (input.AtLatestSeconds ?? 0) * TimeSpan.TicksPerSecond,
            Created = time.GetUtcNow().UtcTicks,
            OldWasUsed = (first == CredentialName.PrimaryKey ? secondary : primary) is null ? 0 : 1,
            Message = "Nothing is changed yet; start it when its steps are as you want them.",
        };
        if (isDrill)
        {
            return RotationPlan.From(row);
        }

        return await database.WriteAsync<RotationPlan>(
            async (write, cancel) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                if (SharedAccessPolicies.Find(await PolicyRows.ReadAllAsync(write.Connection, hub, cancel, write.Transaction), policy.Name) is not { } present)
                {
                    return SharedAccessPolicies.NotFound(policy.Name);
                }

                if (await RotationRows.FindOpenAsync(write, row, cancel) is { } open)
                {
                    return HubErrors.GenericConflict.With($"The plan {open} rotates the keys of '{policy.Name}' already; let it end or cancel it first.");
                }

                var made = row with { PlanId = ids.Next(), ETag = AccessPolicy.ETagOf(present) };
                await RotationRows.InsertAsync(write, made, cancel);
                await RotationRows.PruneAsync(write, hub, KeptEnded, cancel);
                Record(write, made, actor, "rotation.create");
                return RotationPlan.From(made);
            },
            cancellationToken);
    }

    /// <summary>Begins a plan. InvalidOperation unless it is planned.</summary>
    public Task<Result<RotationPlan>> StartAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.start", [RotationStates.Planned], row => row with { State = RotationStates.Running, Actor = actor, Started = time.GetUtcNow().UtcTicks, Message = "It begins." }, cancellationToken);

    /// <summary>Stops a plan where it is; both keys go on being good. InvalidOperation unless it is running.</summary>
    public Task<Result<RotationPlan>> PauseAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.pause", [RotationStates.Running], row => row.Rewatched() with { State = RotationStates.Paused, Message = "Paused: both keys are good until it is resumed." }, cancellationToken);

    /// <summary>Goes on where it was paused; the watch begins anew. InvalidOperation unless it is paused.</summary>
    public Task<Result<RotationPlan>> ResumeAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, planId, actor, "rotation.resume", [RotationStates.Paused], row => row.Rewatched() with { State = RotationStates.Running, Message = "It goes on." }, cancellationToken);

    /// <summary>Ends a plan for good. Both keys stay as they are now, and good: clients that have moved stay where they are, the others need not move. InvalidOperation when it has ended.</summary>
    public Task<Result<RotationPlan>> CancelAsync(HubName hub, string planId, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(
            hub,
            planId,
            actor,
            "rotation.cancel",
            [RotationStates.Planned, RotationStates.Running, RotationStates.Paused],
            row => row with
            {
                State = RotationStates.Cancelled,
                Ended = time.GetUtcNow().UtcTicks,
                Message = row.Renewed == 0 ? "Cancelled; nothing was changed." : $"Cancelled: the {RotationPlan.Word(row.LastKey)} stays good, and so does the new {RotationPlan.Word(row.FirstKey)}.",
            },
            cancellationToken);

    internal static void Record(WriteTransaction write, RotationRow row, string actor, string action)
    {
        var detail = new JsonObject
        {
            ["kind"] = row.Kind,
            ["policy"] = row.Subject,
            ["firstKey"] = row.FirstKey,
            ["unusedForSeconds"] = row.Quiet / TimeSpan.TicksPerSecond,
            ["atLatestSeconds"] = row.AtLatest == 0 ? null : row.AtLatest / TimeSpan.TicksPerSecond,
            ["message"] = row.Message,
        };
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.PlanId, Detail = detail.ToJsonString() });
    }

    private static HubError? Check(RotationInput input)
    {
        if (input.Kind != PolicyKey)
        {
            return HubErrors.ArgumentInvalid.With($"kind must be {PolicyKey}.");
        }

        if (string.IsNullOrEmpty(input.Policy))
        {
            return HubErrors.ArgumentInvalid.With("policy must name a shared access policy.");
        }

        if (input.FirstKey is not (null or CredentialName.PrimaryKey or CredentialName.SecondaryKey))
        {
            return HubErrors.ArgumentInvalid.With("firstKey must be primaryKey or secondaryKey.");
        }

        return input.UnusedForSeconds is < MinSeconds or > MaxSeconds || input.AtLatestSeconds is < MinSeconds or > MaxSeconds
            ? HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"unusedForSeconds and atLatestSeconds must be {MinSeconds}–{MaxSeconds} seconds."))
            : null;
    }

    private static HubError NotFound(string planId) => HubErrors.GenericNotFound.With($"There is no rotation plan '{ResourceName.Cut(planId)}'.");

    private async Task<DateTimeOffset?> UseAsync(HubName hub, string policy, string key, CancellationToken cancellationToken) =>
        (await usage.CountAsync(hub, CredentialSelector.Parse(CredentialName.OfPolicy(policy, key)).Value, DateTimeOffset.MinValue, cancellationToken)).LastUsed;

    private Task<Result<RotationPlan>> ChangeAsync(HubName hub, string planId, string actor, string action, string[] from, Func<RotationRow, RotationRow> change, CancellationToken cancellationToken) =>
        database.WriteAsync<RotationPlan>(
            async (write, cancel) =>
            {
                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { } row)
                {
                    return NotFound(planId);
                }

                if (!from.Contains(row.State))
                {
                    return HubErrors.InvalidOperation.With($"The plan is {row.State}; it must be {string.Join(" or ", from)} for that.");
                }

                var changed = change(row);
                await RotationRows.UpdateAsync(write, changed, cancel);
                Record(write, changed, actor, action);
                return RotationPlan.From(changed);
            },
            cancellationToken);
}
