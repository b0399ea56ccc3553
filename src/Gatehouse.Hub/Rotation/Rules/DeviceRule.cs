using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>What a rule does for devices: one plan over as many of the oldest as there are places, not oftener than every fiftieth of the maximum age. Those that a provisioning service has put into the hub are noted as left out.</summary>
internal sealed class DeviceRule(Database database, DeviceKeyAges ages, IEnumerable<IProvisionedKeys> provisioned, Rotations plans)
{
    private const int Page = 500;

    /// <summary>Most that are looked at in one look; the others follow in the next.</summary>
    private const int MaxLooked = 20_000;

    /// <summary>How many are under way: those that keep their step waiting for more than two watches hold no place.</summary>
    internal Task<long> CountBusyAsync(RuleRow rule, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancel) => FleetRows.CountBusyAsync(connection, rule.Tenant, cancel), cancellationToken);

    /// <summary>How many got a plan, or why it was refused.</summary>
    internal async Task<(int Made, string? Refused)> BeginAsync(RuleRow rule, int free, RuleOrder order, Action<string>? before, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var chosen = await ChooseAsync(rule, free, now, cancellationToken);

        // A time that is to come was written before the clock was set back.
        if (chosen.Count == 0 || (now - rule.Begun < rule.Spacing && rule.Begun <= now))
        {
            return (0, null);
        }

        var input = RuleLook.InputOf(rule) with { Devices = chosen };
        var plan = await plans.CreateAsync(rule.Tenant, input, false, RuleParts.ActorOf(rule), order, cancellationToken);
        before?.Invoke("made");
        return plan.IsOk ? (chosen.Count, null) : (0, plan.Error.Message);
    }

    private async Task<List<string>> ChooseAsync(RuleRow rule, int free, long now, CancellationToken cancellationToken)
    {
        var chosen = new List<string>();
        AgedDevice? last = null;
        for (var looked = 0; looked < MaxLooked; looked += Page)
        {
            var page = await ages.ListFreeAsync(rule.Tenant, now - rule.MaxAge, last, new HeldTries(now, now + RuleRow.MaxRetry.Ticks), Page, cancellationToken);
            var elsewhere = await FindElsewhereAsync(rule, page, cancellationToken);
            await NoteAsync(rule, [.. page.Where(each => elsewhere.ContainsKey(each.DeviceId) && each.ModuleId.Length == 0)], elsewhere, now, cancellationToken);
            chosen.AddRange(page.Where(each => each.ModuleId.Length > 0 || !elsewhere.ContainsKey(each.DeviceId)).Select(static each => each.Name).Take(free - chosen.Count));
            if (page.Count < Page)
            {
                break;
            }

            last = page[^1];
        }

        return chosen;
    }

    private async Task<Dictionary<string, string>> FindElsewhereAsync(RuleRow rule, IReadOnlyList<AgedDevice> page, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] devices = [.. page.Select(static each => each.DeviceId).Distinct()];
        foreach (var room in devices.Length == 0 ? [] : provisioned)
        {
            foreach (var (device, words) in await room.FindAsync(rule.Tenant, devices, cancellationToken))
            {
                found.TryAdd(device, words);
            }
        }

        return found;
    }

    private async Task NoteAsync(RuleRow rule, IReadOnlyList<AgedDevice> leftOut, Dictionary<string, string> elsewhere, long now, CancellationToken cancellationToken)
    {
        if (leftOut.Count == 0)
        {
            return;
        }

        await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await TryRows.AddAsync(
                    write,
                    [.. leftOut.Select(each => new TryRow { Hub = rule.Hub, Kind = rule.Kind, Subject = each.Name, Tried = now, Retry = now + rule.RetryAfter, IsLeftOut = 1, Reason = $"Its keys come from {elsewhere[each.DeviceId]}: their age is that of the keys there." })],
                    cancel);
                return true;
            },
            cancellationToken);
    }
}
