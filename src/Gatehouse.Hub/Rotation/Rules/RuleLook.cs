using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Rotation;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>One look at a rule, on one node: counts what is over age and has plans made for it, as many as there are places.</summary>
/// <remarks>The plans begin by themselves as others do, and all that they promise holds: a rule takes no key away. A crash in the middle has made fewer plans; what was tried is noted with the plan.</remarks>
internal sealed class RuleLook(RuleParts parts, string owner, TimeProvider time, ILogger logger)
{
    private const int Page = 200;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan MinRound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxRound = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TellAgain = TimeSpan.FromHours(1);

    private readonly RotationLease lease = new(owner, time, Lease);
    private readonly Dictionary<(string Hub, string Kind), long> looked = [];
    private readonly Dictionary<(string Hub, string Kind), long> told = [];

    /// <summary>For tests; see <see cref="RotationLook.Before"/>.</summary>
    internal Action<string>? Before { get; set; }

    /// <summary>Looks at the rules of one tenant that are due to be looked at. What is wrong with one of them is told when all others have had their look.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="isSteady">Whether the clock may be believed: else nothing is begun.</param>
    /// <param name="troubles">Takes what was wrong.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task RunAsync(HubName tenant, bool isSteady, List<Exception> troubles, CancellationToken cancellationToken)
    {
        var rules = await parts.Database.ReadAsync((connection, cancel) => RuleRows.ListAsync(connection, tenant, cancel), cancellationToken);
        foreach (var gone in looked.Keys.Where(each => each.Hub == tenant.Value && rules.All(rule => rule.Kind != each.Kind)).ToList())
        {
            looked.Remove(gone);
            told.Remove(gone);
            parts.Metrics.Clear(tenant, gone.Kind);
        }

        foreach (var rule in rules)
        {
            var key = (rule.Hub, rule.Kind);
            if (parts.Ages.Find(rule.Kind) is not { } keys || (looked.TryGetValue(key, out var last) && time.GetElapsedTime(last) < RoundOf(rule)))
            {
                continue;
            }

            looked[key] = time.GetTimestamp();
            try
            {
                await RunAsync(keys, rule, isSteady, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                troubles.Add(error);
            }
        }
    }

    private static TimeSpan RoundOf(RuleRow rule) => TimeSpan.FromTicks(Math.Clamp(rule.MaxAge / 100, MinRound.Ticks, MaxRound.Ticks));

    private async Task RunAsync(IAgedKeys keys, RuleRow seen, bool isSteady, CancellationToken cancellationToken)
    {
        Before?.Invoke("look");
        var taken = await parts.Database.WriteAsync<RuleRow?>(
            async (write, cancel) =>
            {
                if (await RuleRows.LockAsync(write, parts.Database.Dialect, seen.Tenant, seen.Kind, cancel) is not { } row || lease.IsOthers(row.Owner, row.LeasedUntil))
                {
                    return Result<RuleRow?>.Of(null);
                }

                var mine = row with { Owner = lease.Owner, LeasedUntil = lease.Until };
                await RuleRows.TakeAsync(write, mine, cancel);
                return mine;
            },
            cancellationToken);
        if (!taken.IsOk || taken.Value is not { } rule)
        {
            parts.Metrics.Clear(seen.Tenant, seen.Kind);
            return;
        }

        await parts.NoteFirstSeenAsync(keys, rule.Tenant, time.GetUtcNow().UtcTicks, cancellationToken);
        await parts.Database.DeleteInBatchesAsync((write, max, cancel) => TryRows.PruneAsync(write, rule.Tenant, rule.Kind, (time.GetUtcNow() - RuleRow.MaxRetry).UtcTicks, max, cancel), cancellationToken);
        var message = isSteady ? await BeginAsync(keys, rule, cancellationToken) : "The server's clock has jumped: nothing is begun until it has gone steadily for ten minutes.";
        await CountAsync(keys, rule, cancellationToken);
        await parts.Database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await RuleRows.SayAsync(write, rule with { Message = message }, cancel);
                return true;
            },
            cancellationToken);
    }

    private async Task CountAsync(IAgedKeys keys, RuleRow rule, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var (overAge, overdue) = (await keys.CountAsync(rule.Tenant, now - rule.MaxAge, cancellationToken), await keys.CountAsync(rule.Tenant, now - rule.Overdue, cancellationToken));
        parts.Metrics.Set(rule, overAge, overdue);
        var key = (rule.Hub, rule.Kind);
        if (overdue == 0)
        {
            told.Remove(key);
        }
        else if (!told.TryGetValue(key, out var last) || time.GetElapsedTime(last) >= TellAgain)
        {
            told[key] = time.GetTimestamp();
            logger.RotationOverdue(overdue, rule.Kind, rule.Hub);
        }
    }

    private async Task<string> BeginAsync(IAgedKeys keys, RuleRow rule, CancellationToken cancellationToken)
    {
        var open = await parts.Database.ReadAsync((connection, cancel) => RotationRows.ListOpenAsync(connection, rule.Tenant, rule.Kind, cancel), cancellationToken);
        if (open.FirstOrDefault(static each => each is { ByRule: 1, State: RotationStates.Paused }) is { } paused)
        {
            return $"Its plan {paused.PlanId} is paused: no other is begun until it is resumed or cancelled.";
        }

        var isOfDevices = rule.Kind == Rotations.DeviceKey;
        var busy = isOfDevices ? await parts.Devices.CountBusyAsync(rule, cancellationToken) : open.Count(each => each.ByRule == 1 && each.Waited < 2 * each.Quiet);
        var free = (int)Math.Max(0, rule.AtOnce - busy);
        var (made, refused) = isOfDevices ? await parts.Devices.BeginAsync(rule, free, OrderOf(rule), Before, time, cancellationToken) : await BeginPairsAsync(keys, rule, open, free, cancellationToken);
        return Say(rule, busy + made, made, refused);
    }

    private async Task<(int Made, string? Refused)> BeginPairsAsync(IAgedKeys keys, RuleRow rule, IReadOnlyList<RotationRow> open, int free, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var held = (await parts.Database.ReadAsync((connection, cancel) => TryRows.ListHeldAsync(connection, rule.Tenant, rule.Kind, now, now + RuleRow.MaxRetry.Ticks, cancel), cancellationToken))
            .Concat(open.Select(static each => each.Subject)).ToHashSet(StringComparer.Ordinal);
        var (made, refused) = (0, (string?)null);
        AgedKeys? last = null;
        for (var isEnd = false; made < free && !isEnd;)
        {
            var page = await keys.ListAsync(rule.Tenant, now - rule.MaxAge, last, Page, cancellationToken);
            (last, isEnd) = (page is [.., var end] ? end : null, page.Count < Page);
            foreach (var pair in page.Where(each => !held.Contains(each.Name)).Take(free - made).ToList())
            {
                var plan = await parts.PlansOf(rule.Kind).CreateAsync(rule.Tenant, InputOf(rule) with { Subject = pair.Name, Policy = pair.Name }, false, RuleParts.ActorOf(rule), OrderOf(rule), cancellationToken);
                Before?.Invoke("made");
                if (plan.IsOk)
                {
                    made++;
                    continue;
                }

                refused = $"'{pair.Name}' could not be given a plan: {plan.Error.Message}";
                await parts.NoteTriesAsync([new TryRow { Hub = rule.Hub, Kind = rule.Kind, Subject = pair.Name, Tried = now, Retry = now + rule.RetryAfter, Reason = plan.Error.Message }], cancellationToken);
            }
        }

        return (made, refused);
    }

    internal static RotationInput InputOf(RuleRow rule) => new()
    {
        Kind = rule.Kind,
        UnusedForSeconds = rule.Quiet / TimeSpan.TicksPerSecond,
        AtLatestSeconds = rule.AtLatest == 0 ? null : rule.AtLatest / TimeSpan.TicksPerSecond,
        Tell = rule.Tells == 1,
        Canary = rule.Canary == 0 ? null : (int)rule.Canary,
    };

    private RuleOrder OrderOf(RuleRow rule) => new(lease.Owner, time.GetUtcNow().UtcTicks + rule.RetryAfter);

    private static string Say(RuleRow rule, long busy, int made, string? refused)
    {
        var what = rule.Kind == Rotations.DeviceKey ? "devices and modules" : "plans";
        var text = string.Create(CultureInfo.InvariantCulture, $"{busy} of at most {rule.AtOnce} {what} are under way");
        return (made > 0 ? string.Create(CultureInfo.InvariantCulture, $"{text}, {made} of them new.") : $"{text}.") + (refused is null ? "" : $" {refused}");
    }
}
