using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>One look at a running plan: what is seen of its credentials, and the one transaction that follows from it.</summary>
internal sealed class RotationLook(Database database, RotationKinds kinds, FleetLook fleets, string owner, TimeProvider time)
{
    private readonly RotationLease lease = new(owner, time, RotationLease.OfPlans);

    /// <summary>For tests: called before a step's transaction and at its end, before the commit; what it throws is a crash.</summary>
    internal Action<string>? Before { get; set; }

    /// <summary>Null when the plan does not run any more, or another node watches it.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="planId">Which.</param>
    /// <param name="sinceLast">How long this node has watched since its last look, by the monotonic clock; zero for the first.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<RotationRow?> RunAsync(HubName hub, string planId, TimeSpan sinceLast, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken) is not { State: RotationStates.Running or RotationStates.RollingBack } seen)
        {
            return null;
        }

        if (seen.Kind == Rotations.DeviceKey)
        {
            return await fleets.RunAsync(hub, planId, lease, sinceLast, Before, cancellationToken);
        }

        if (kinds.Find(seen.Kind) is not { } kind)
        {
            return null;
        }

        var last = kind.LastKey(seen);
        var watchedKey = seen.Renewed == 0 ? seen.FirstKey : last;
        var watched = await kind.LastUsedAsync(hub, seen, watchedKey, cancellationToken);
        var other = await kind.LastUsedAsync(hub, seen, watchedKey == last ? seen.FirstKey : last, cancellationToken);
        var live = await kind.CountLiveAsync(hub, seen, watchedKey, cancellationToken);
        Before?.Invoke("look");
        var done = await database.WriteAsync<RotationRow?>(
            async (write, cancel) =>
            {
                if (await kind.LockAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                if (await RotationRows.LockAsync(write, database.Dialect, hub, planId, cancel) is not { State: RotationStates.Running } row || row.Renewed != seen.Renewed || lease.IsOthers(row))
                {
                    return Result<RotationRow?>.Of(null);
                }

                var next = await NextAsync(write, kind, Observe(lease.Take(row), watched, other, live, lease.IsMine(row) ? sinceLast : TimeSpan.Zero), other, cancel);
                await RotationRows.UpdateAsync(write, next, cancel);
                Before?.Invoke(next.State == RotationStates.Done ? "done" : next.Renewed != row.Renewed ? "renewed" : "looked");
                return next;
            },
            cancellationToken);
        return done.IsOk ? done.Value : null;
    }

    // Spans are of the monotonic clock, and a use is told by its time being another than the last: where the clock stands does not matter. Only a use from the future hides later ones.
    private RotationRow Observe(RotationRow row, long use, long other, long live, TimeSpan span)
    {
        var isUsed = use != row.SeenUse || live > 0 || use > time.GetUtcNow().UtcTicks;
        return row with
        {
            SeenUse = use,
            Live = live,
            Watched = isUsed ? 0 : row.Watched + span.Ticks,
            Waited = row.Waited + span.Ticks,
            OldWasUsed = row.OldWasUsed == 1 || (row.Renewed == 0 ? other : use) > 0 ? 1 : 0,
        };
    }

    private async Task<RotationRow> NextAsync(WriteTransaction write, IRotationKind kind, RotationRow row, long other, CancellationToken cancellationToken)
    {
        var words = kind.WordsFor(row);
        var mark = await kind.MarkAsync(write, row, cancellationToken);
        if (mark is null || mark != row.ETag)
        {
            return End(write, row, RotationStates.Failed, $"The {words.Subject} was {(mark is null ? "deleted" : "changed by somebody else")} in the meantime, and the plan has ended where it was. Make a new one if its {words.What}s are still to be rotated.", "rotation.fail");
        }

        var isQuiet = row.Watched >= row.Quiet;
        if (row.Renewed == 0)
        {
            return isQuiet ? await RenewFirstAsync(write, kind, row, words, cancellationToken) : row with { Message = Waiting(row, words) };
        }

        // Nobody has shown that the new one has reached anybody: the old one may be the last that anyone holds.
        if (other == 0 && (row.OldWasUsed == 1 || await kind.IsLastWayInAsync(write, row, cancellationToken)))
        {
            return row with { Message = $"Nobody has used the new {words.First} yet. {words.HandOut}; until somebody uses it the {words.Last} stays good." };
        }

        var isLate = row.AtLatest > 0 && row.Waited >= row.AtLatest;
        if (isQuiet && !isLate && await kind.FindHoldAsync(write, row, cancellationToken) is { } hold)
        {
            return row with { Message = hold };
        }

        return isQuiet || isLate ? await RetireLastAsync(write, kind, row, words, isQuiet, cancellationToken) : row with { Message = Waiting(row, words) };
    }

    private async Task<RotationRow> RenewFirstAsync(WriteTransaction write, IRotationKind kind, RotationRow row, RotationWords words, CancellationToken cancellationToken)
    {
        var mark = await kind.RenewFirstAsync(write, row, cancellationToken);
        var next = row.Rewatched() with
        {
            ETag = mark,
            Renewed = time.GetUtcNow().UtcTicks,
            Owner = row.Owner,
            LeasedUntil = row.LeasedUntil,
            Waited = 0,
            SeenUse = 0,
            Live = 0,
            Message = $"The {words.First} is new. {words.HandOut}.",
        };
        Rotations.Record(write, next, row.StepActor, "rotation.renew");
        return next;
    }

    private async Task<RotationRow> RetireLastAsync(WriteTransaction write, IRotationKind kind, RotationRow row, RotationWords words, bool isQuiet, CancellationToken cancellationToken)
    {
        var mark = await kind.RetireLastAsync(write, row, cancellationToken);
        var message = isQuiet
            ? $"{words.Outcome}; nobody used the old one any more."
            : string.Create(CultureInfo.InvariantCulture, $"{words.Outcome}. The time for the move was over: {row.Live} that stood on the old {words.What} were closed.");
        return End(write, row with { ETag = mark }, RotationStates.Done, message, "rotation.done");
    }

    private RotationRow End(WriteTransaction write, RotationRow row, string state, string message, string action)
    {
        var ended = row with { State = state, Message = message, Ended = time.GetUtcNow().UtcTicks };
        Rotations.Record(write, ended, row.StepActor, action);
        return ended;
    }

    private string Waiting(RotationRow row, RotationWords words)
    {
        var (key, finder) = row.Renewed == 0 ? (words.First, words.Finders.First) : (words.Last, words.Finders.Last);
        if (row.SeenUse > time.GetUtcNow().UtcTicks)
        {
            return $"The last use of the {key} lies in the future ({Readable(row.SeenUse)}): the clock was set back. The watch begins when it has caught up.";
        }

        var last = row.SeenUse == 0 ? "" : $"; last used {Readable(row.SeenUse)}";
        return row.Live > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{row.Live} are connected by the {key}{last}. Who they are: {finder}")
            : $"Nobody has used the {key} for {Span(row.Watched)} of {Span(row.Quiet)}{last}.";
    }

    private static string Span(long ticks) => TimeSpan.FromTicks(ticks - (ticks % TimeSpan.TicksPerSecond)).ToString("c", CultureInfo.InvariantCulture);

    private static string Readable(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
