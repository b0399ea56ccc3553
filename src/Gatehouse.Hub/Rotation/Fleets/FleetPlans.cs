using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Makes plans over many identities, and shows them. One is gathered in batches, and is a plan only when all of it is there.</summary>
internal sealed class FleetPlans(Database database, FleetGathering gathering, GenerationIds ids, TimeProvider time)
{
    private const int MaxNamed = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>ArgumentInvalid, InvalidOperation when nobody is left to have new keys, GenericConflict when somebody is in another open plan. Nothing is left of a plan that was refused.</summary>
    internal async Task<Result<RotationPlan>> CreateAsync(RotationRow draft, RotationInput input, bool isDrill, CancellationToken cancellationToken)
    {
        var choice = FleetChoice.Read(input);
        if (!choice.IsOk)
        {
            return choice.Error;
        }

        var plan = draft with { Subject = choice.Value.Subject, FirstKey = input.FirstKey ?? "", Tells = input.Tell ? 1 : 0, PlanId = isDrill ? "" : ids.Next() };
        var sum = new FleetSum(MaxNamed);
        if (isDrill)
        {
            return await GatherAsync(plan, choice.Value, sum, static (_, _) => Task.FromResult<HubError?>(null), cancellationToken) is { } refused ? refused : Show(plan, sum.Counts) with { LeftOut = sum.LeftOut };
        }

        var begun = await database.WriteAsync<bool>((write, cancel) => BeginAsync(write, plan, cancel), cancellationToken);
        if (!begun.IsOk)
        {
            return begun.Error;
        }

        var isMade = false;
        try
        {
            if (await GatherAsync(plan, choice.Value, sum, (page, cancel) => AddAsync(plan, page, cancel), cancellationToken) is { } refused)
            {
                return refused;
            }

            var made = await database.WriteAsync<RotationRow>((write, cancel) => FinishAsync(write, plan, cancel), cancellationToken);
            isMade = made.IsOk;
            return isMade ? Show(made.Value, sum.Counts) with { LeftOut = sum.LeftOut } : made.Error!;
        }
        finally
        {
            if (!isMade)
            {
                await DropAsync(plan);
            }
        }
    }

    internal static RotationPlan Show(RotationRow row, IReadOnlyList<FleetCount> counts) => FleetView.Of(row, FleetProgress.Of(counts));

    /// <summary>With its progress, its laggards and those that were left out.</summary>
    internal async Task<RotationPlan> ShowWholeAsync(RotationRow row, CancellationToken cancellationToken)
    {
        var (counts, lagging, leftOut) = await database.ReadAsync(
            async (connection, cancel) => (
                await FleetRows.CountAsync(connection, row, cancel),
                await FleetRows.ListLaggingAsync(connection, row, MaxNamed, cancel),
                await FleetRows.ListAsync(connection, database.Dialect, row, [FleetStates.LeftOut, FleetStates.Skipped, FleetStates.Kept], ("", ""), MaxNamed, cancel)),
            cancellationToken);
        var progress = FleetProgress.Of(counts);
        return FleetView.Of(row, progress) with
        {
            Laggards = row.Ended > 0 ? null : new RotationLaggards(progress.All.Lagging, [.. lagging.Select(static each => new RotationLaggard(each.ToString(), FleetView.Lag(each)))]),
            LeftOut = new RotationLaggards(progress.All.LeftOut + progress.All.Skipped + progress.All.Kept, [.. leftOut.Select(static each => new RotationLaggard(each.ToString(), each.Reason))]),
        };
    }

    /// <summary>Lets go of what was gathered for plans that were never finished because the server ended, and of members whose plan is not kept any more.</summary>
    /// <param name="isFirst">Also when no such plan is there now.</param>
    /// <param name="cancellationToken">Ends it; the rest goes the next time.</param>
    internal async Task TidyAsync(bool isFirst, CancellationToken cancellationToken)
    {
        if (isFirst || await database.ReadAsync((connection, cancel) => RotationRows.HasUnfinishedAsync(connection, time.GetUtcNow(), Patience, cancel), cancellationToken))
        {
            await database.WriteAsync<int>(async (write, cancel) => await RotationRows.DropUnfinishedAsync(write, time.GetUtcNow(), Patience, cancel), cancellationToken);
            await database.DeleteInBatchesAsync(FleetRows.PruneAsync, cancellationToken);
        }
    }

    private async Task<HubError?> GatherAsync(RotationRow plan, FleetChoice choice, FleetSum sum, Func<IReadOnlyList<FleetMember>, CancellationToken, Task<HubError?>> add, CancellationToken cancellationToken)
    {
        await foreach (var page in gathering.ReadAsync(plan, choice, cancellationToken))
        {
            sum.Add(page);
            if (sum.All > FleetChoice.MaxMembers)
            {
                return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"More than {FleetChoice.MaxMembers} devices and modules are meant, the most that one plan may have. Make several, for parts of them."));
            }

            if (page.Count > 0 && await add(page, cancellationToken) is { } refused)
            {
                return refused;
            }
        }

        if (choice.NamedCanaries.FirstOrDefault(each => !sum.Canaries.Contains(each.ToString())) is { Device.Value: not null } missing)
        {
            return HubErrors.ArgumentInvalid.With($"'{missing}' cannot be a canary: it is not among those that get new keys.");
        }

        return sum.Open > 0 ? null
            : HubErrors.InvalidOperation.With($"There is nobody to whom this plan could give new keys. {string.Join(" ", sum.LeftOut.Named.Take(3).Select(static each => $"{each.Identity}: {each.Reason}"))}".TrimEnd());
    }

    private async Task<Result<bool>> BeginAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        if (await HubLock.TakeAsync(write, database.Dialect, HubName.Parse(plan.Hub), cancellationToken) is { } missing)
        {
            return missing;
        }

        if (await RotationRows.FindOpenAsync(write, plan, cancellationToken) is { } open)
        {
            return HubErrors.GenericConflict.With($"The plan {open} is over the same already; let it end or cancel it first.");
        }

        await RotationRows.InsertAsync(write, Gathering(plan), cancellationToken);
        return true;
    }

    private async Task<HubError?> AddAsync(RotationRow plan, IReadOnlyList<FleetMember> page, CancellationToken cancellationToken)
    {
        var added = await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                // Plans that are gathered at the same time wait for one another here, page by page: whoever is second finds the first.
                if (await HubLock.TakeAsync(write, database.Dialect, HubName.Parse(plan.Hub), cancel) is { } missing)
                {
                    return missing;
                }

                var wanted = page.Where(static each => each.IsOpen == 1).Select(static each => (each.DeviceId, each.ModuleId)).ToHashSet();
                var elsewhere = await FleetRows.FindElsewhereAsync(write, database.Dialect, plan, [.. wanted.Select(static each => each.DeviceId).Distinct()], cancel);
                if (elsewhere.FirstOrDefault(each => wanted.Contains((each.DeviceId, each.ModuleId))) is { } taken)
                {
                    return HubErrors.GenericConflict.With($"'{taken}' is in the plan {taken.PlanId} already; let that end or cancel it first.");
                }

                await RotationRows.UpdateAsync(write, Gathering(plan), cancel);
                await FleetRows.InsertAsync(write, page, cancel);
                return true;
            },
            cancellationToken);
        return added.Error;
    }

    private async Task<Result<RotationRow>> FinishAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(plan.Hub);
        if (await RotationRows.LockAsync(write, database.Dialect, hub, plan.PlanId, cancellationToken) is not { State: RotationStates.Gathering })
        {
            return HubErrors.GenericConflict.With("It took too long to gather the devices of the plan, and it was given up. Make it again.");
        }

        if (plan.Order is { } order && !await order.FillAsync(write, plan, cancellationToken))
        {
            return RuleOrder.Gone;
        }

        await RotationRows.UpdateAsync(write, plan, cancellationToken);
        await RotationRows.PruneAsync(write, hub, Rotations.KeptEnded, cancellationToken);
        Rotations.Record(write, plan, plan.Actor, "rotation.create");
        return plan;
    }

    private async Task DropAsync(RotationRow plan)
    {
        await database.WriteAsync<int>(async (write, cancel) => await RotationRows.DropAsync(write, plan, cancel), CancellationToken.None);
        await database.DeleteInBatchesAsync(FleetRows.PruneAsync, CancellationToken.None);
    }

    private RotationRow Gathering(RotationRow plan) => plan with { State = RotationStates.Gathering, LeasedUntil = (time.GetUtcNow() + Patience).UtcTicks, Message = "The devices are being gathered." };
}
