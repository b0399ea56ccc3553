using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>Begins a plan whose time has come, on one node. What was true when it was made is looked at once more: a plan whose subject has changed, or that would be refused now, ends with the reason.</summary>
internal sealed class RotationBeginning(Database database, RotationKinds kinds, FleetBeginning fleets, string owner, TimeProvider time)
{
    private readonly RotationLease lease = new(owner, time, RotationLease.OfPlans);

    /// <summary>As it is then: running or failed. Null when it does not wait any more, or another node begins it.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="planId">Which.</param>
    /// <param name="before">For tests; see <see cref="RotationLook.Before"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<RotationRow?> RunAsync(HubName hub, string planId, Action<string>? before, CancellationToken cancellationToken)
    {
        before?.Invoke("begin");
        if (await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken) is not { State: RotationStates.Waiting } seen || lease.IsOthers(seen))
        {
            return null;
        }

        if (seen.Kind == Rotations.DeviceKey)
        {
            var obstacle = await fleets.LookAgainAsync(hub, seen, lease, before, cancellationToken);
            return await ChangeAsync(hub, planId, (_, row, _) => Task.FromResult(obstacle is null ? Begun(row) : Ended(row, obstacle)), before, cancellationToken);
        }

        // One that this version does not know stays for one that does.
        return kinds.Find(seen.Kind) is { } kind ? await RunAsync(hub, kind, seen, before, cancellationToken) : null;
    }

    private async Task<RotationRow?> RunAsync(HubName hub, IRotationKind kind, RotationRow seen, Action<string>? before, CancellationToken cancellationToken)
    {
        // A CA has its successor where pairs have the key that was asked for.
        var isCa = seen.Kind == Rotations.Ca;
        var input = new RotationInput { Kind = seen.Kind, Subject = seen.Subject, Policy = seen.Subject, Successor = isCa ? seen.FirstKey : null, FirstKey = isCa || seen.IsFirstGiven == 0 ? null : seen.FirstKey };
        var drawn = await kind.DrawAsync(seen, input, cancellationToken);
        return await ChangeAsync(
            hub,
            seen.PlanId,
            async (write, row, cancel) =>
            {
                // First what has changed: that explains most of what else may be wrong.
                var mark = await kind.LockAsync(write, database.Dialect, hub, cancel) is null ? await kind.MarkAsync(write, row, cancel) : null;
                return mark is null || mark != row.ETag ? Ended(row, $"The {kind.WordsFor(row).Subject} was {(mark is null ? "deleted" : "changed by somebody else")} since the plan was made.")
                    : !drawn.IsOk ? Ended(row, drawn.Error.Message)
                    : Begun(row with { FirstKey = drawn.Value.FirstKey, OldWasUsed = drawn.Value.OldWasUsed });
            },
            before,
            cancellationToken);
    }

    private RotationRow Begun(RotationRow row) => Rotations.Begun(row, kinds, row.Actor, time.GetUtcNow().UtcTicks) with { Owner = "", LeasedUntil = 0 };

    private RotationRow Ended(RotationRow row, string why) =>
        row with { State = RotationStates.Failed, Ended = time.GetUtcNow().UtcTicks, Message = $"It could not begin, and nothing was changed: {why} Make a new plan if the keys are still to be rotated." };

    private async Task<RotationRow?> ChangeAsync(HubName hub, string planId, Func<WriteTransaction, RotationRow, CancellationToken, Task<RotationRow>> change, Action<string>? before, CancellationToken cancellationToken)
    {
        var changed = await database.WriteAsync<RotationRow?>(
            async (write, cancel) =>
            {
                // The tenant first, then its plans, as everywhere; where it is gone, the plan ends.
                if (kinds.Find((await RotationRows.FindAsync(write, hub, planId, cancel))?.Kind) is { } kind)
                {
                    await kind.LockAsync(write, database.Dialect, hub, cancel);
                }

                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { State: RotationStates.Waiting } row || lease.IsOthers(row))
                {
                    return Result<RotationRow?>.Of(null);
                }

                var next = await change(write, row, cancel);
                await RotationRows.UpdateAsync(write, next, cancel);
                Rotations.Record(write, next, next.StepActor, next.Ended > 0 ? "rotation.fail" : "rotation.begin");
                before?.Invoke("begun");
                return next;
            },
            cancellationToken);
        return changed.IsOk ? changed.Value : null;
    }
}
