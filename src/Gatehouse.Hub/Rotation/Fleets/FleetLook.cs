using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>One look at a plan over many identities: some thousands of its open members at most, in transactions of a hundred. The canary group first; the others only when that is through.</summary>
/// <remarks>
/// A member is due when its key was not used between two visits of it that lie far enough apart by the plan's clock: a use in between shows by its time, whenever the visit comes.
/// So the members need not be looked at all at once, and a look that was cut short has only done less.
/// </remarks>
internal sealed class FleetLook(Database database, RegistryTransactions transactions, FleetSteps steps, UseWriter writer, LiveMarks live, TimeProvider time)
{
    private const int Page = 500;
    private const int Batch = 100;
    private const int MaxVisits = 5_000;

    /// <summary>Where the next look at a plan begins: after which member.</summary>
    private readonly Dictionary<(string Hub, string Plan), (string Device, string Module)> places = [];

    /// <summary>Null when the plan does not run any more, or another node has it.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="planId">Which.</param>
    /// <param name="lease">Of this node.</param>
    /// <param name="sinceLast">How long this node has watched since its last look, by the monotonic clock.</param>
    /// <param name="before">For tests; see <see cref="RotationLook.Before"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<RotationRow?> RunAsync(HubName hub, string planId, RotationLease lease, TimeSpan sinceLast, Action<string>? before, CancellationToken cancellationToken)
    {
        before?.Invoke("look");
        var plan = await ChangeAsync(
            hub,
            planId,
            lease,
            row => lease.Take(row) with { Waited = row.Waited + (lease.IsMine(row) ? sinceLast.Ticks : 0) },
            cancellationToken);
        if (plan is null)
        {
            places.Remove((hub.Value, planId));
            return null;
        }

        await writer.FlushAsync(cancellationToken);
        var progress = await CountAsync(plan, cancellationToken);
        bool? isCanary = plan.State == RotationStates.RollingBack ? null : progress.Canary.Open > 0;
        if (plan is { State: RotationStates.Running, Renewed: 0 } && progress is { Canary: { Open: 0, All: > 0, Done: 0 }, All.Open: > 0 })
        {
            return await ChangeAsync(hub, planId, lease, row => row.Rewatched() with { State = RotationStates.Paused, Renewed = time.GetUtcNow().UtcTicks, Message = "Paused by itself: none of the canary group has come through. See why; resume goes on with all others." }, cancellationToken);
        }

        await VisitAsync(hub, plan, lease, isCanary, before, cancellationToken);
        return await EndAsync(hub, plan, lease, before, cancellationToken);
    }

    private async Task VisitAsync(HubName hub, RotationRow plan, RotationLease lease, bool? isCanary, Action<string>? before, CancellationToken cancellationToken)
    {
        var place = places.GetValueOrDefault((plan.Hub, plan.PlanId), ("", ""));
        for (var visits = 0; visits < MaxVisits; visits += Page)
        {
            var from = place;
            var members = await database.ReadAsync((connection, cancel) => FleetRows.ReadOpenAsync(connection, database.Dialect, plan, isCanary, from, Page, cancel), cancellationToken);
            var connected = await live.FindAsync(hub, [.. members.SelectMany(static each => new[] { each.FirstMark, each.LastMark }).Where(static mark => mark.Length > 0)], cancellationToken);
            var judgement = new FleetJudgement(plan, time.GetUtcNow(), connected.Contains);
            foreach (var batch in members.Select(judgement.Judge).Where(static each => each.Act != FleetAct.Nothing).Chunk(Batch))
            {
                if (!await WriteAsync(hub, plan, lease, batch, before, cancellationToken))
                {
                    return;
                }
            }

            if (members.Count < Page)
            {
                // From the beginning the next time.
                place = ("", "");
                break;
            }

            place = (members[^1].DeviceId, members[^1].ModuleId);
        }

        places[(plan.Hub, plan.PlanId)] = place;
    }

    // False when the plan was changed, or taken by another node, since it was looked at: then nothing of the batch is done.
    private async Task<bool> WriteAsync(HubName hub, RotationRow plan, RotationLease lease, FleetVerdict[] batch, Action<string>? before, CancellationToken cancellationToken)
    {
        var written = await transactions.RunAsync<bool>(
            hub,
            plan.StepActor,
            async (change, cancel) =>
            {
                if (await RotationRows.LockAsync(change.Transaction, database.Dialect, hub, plan.PlanId, cancel) is not { } row || row.State != plan.State || row.Owner != plan.Owner)
                {
                    return false;
                }

                await RotationRows.UpdateAsync(change.Transaction, lease.Take(row), cancel);
                await FleetRows.UpdateAsync(change.Transaction, await steps.RunAsync(change, row, batch, cancel), cancel);
                before?.Invoke(batch.Any(static each => each.Act == FleetAct.Retire) ? "retired" : batch.Any(static each => each.Act == FleetAct.Renew) ? "renewed" : "looked");
                return true;
            },
            cancellationToken);
        return written is { IsOk: true, Value: true };
    }

    private async Task<RotationRow?> EndAsync(HubName hub, RotationRow plan, RotationLease lease, Action<string>? before, CancellationToken cancellationToken)
    {
        var progress = await CountAsync(plan, cancellationToken);
        return await ChangeAsync(
            hub,
            plan.PlanId,
            lease,
            row =>
            {
                if (row.State != plan.State)
                {
                    return row;
                }

                if (progress.All.Open > 0)
                {
                    return row with { Message = progress.ToString() };
                }

                before?.Invoke("done");
                var state = row.State == RotationStates.RollingBack ? RotationStates.RolledBack : RotationStates.Done;
                return row with { State = state, Ended = time.GetUtcNow().UtcTicks, Message = progress.ToString() };
            },
            cancellationToken);
    }

    private async Task<FleetProgress> CountAsync(RotationRow plan, CancellationToken cancellationToken) =>
        FleetProgress.Of(await database.ReadAsync((connection, cancel) => FleetRows.CountAsync(connection, plan, cancel), cancellationToken));

    private async Task<RotationRow?> ChangeAsync(HubName hub, string planId, RotationLease lease, Func<RotationRow, RotationRow> change, CancellationToken cancellationToken)
    {
        var changed = await database.WriteAsync<RotationRow?>(
            async (write, cancel) =>
            {
                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { State: RotationStates.Running or RotationStates.RollingBack } row || lease.IsOthers(row))
                {
                    return Result<RotationRow?>.Of(null);
                }

                var next = change(row);
                await RotationRows.UpdateAsync(write, next, cancel);
                if (next.State != row.State)
                {
                    Rotations.Record(write, next, next.StepActor, next.State == RotationStates.Paused ? "rotation.pause" : "rotation.done");
                }

                return next;
            },
            cancellationToken);
        return changed.IsOk ? changed.Value : null;
    }
}
