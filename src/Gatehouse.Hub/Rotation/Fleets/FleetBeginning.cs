using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Looks at the members of a plan once more when its time has come: who has changed since it was made is left alone, and the key that goes first is chosen by what is used now.</summary>
/// <remarks>Page by page, each in one transaction; a crash has only done less, and nothing of the members' keys is changed.</remarks>
internal sealed class FleetBeginning(Database database, UseWriter writer, IEnumerable<IProvisionedKeys> provisioned)
{
    private const int Page = 500;

    /// <summary>Why the plan cannot begin; null when it can.</summary>
    internal async Task<string?> LookAgainAsync(HubName hub, RotationRow plan, RotationLease lease, Action<string>? before, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var (place, left) = (("", ""), 0L);
        for (var isEnd = false; !isEnd;)
        {
            var from = place;
            var members = await database.ReadAsync((connection, cancel) => FleetRows.ReadOpenAsync(connection, database.Dialect, plan, null, from, Page, cancel), cancellationToken);
            var enrollments = await FindEnrollmentsAsync(hub, members, cancellationToken);
            var changed = members.Select(member => (Old: member.Plain(), New: Look(plan, member, enrollments))).ToList();
            left += changed.Count(static each => each.New.IsOpen == 1);
            if (!await WriteAsync(hub, plan, lease, [.. changed.Where(static each => each.New != each.Old).Select(static each => each.New)], before, cancellationToken))
            {
                return null;
            }

            isEnd = members.Count < Page;
            place = isEnd ? place : (members[^1].DeviceId, members[^1].ModuleId);
        }

        return left > 0 ? null : "Nobody is left to whom it could give new keys; 'rotation show' says why.";
    }

    private static FleetMember Look(RotationRow plan, SeenMember seen, IReadOnlyDictionary<string, string> enrollments)
    {
        var member = seen.Plain();
        if (seen.FindChange() is { } change)
        {
            return member.End(FleetStates.Skipped, change);
        }

        if (member.ModuleId.Length == 0 && enrollments.TryGetValue(member.DeviceId, out var enrollment))
        {
            return member.End(FleetStates.LeftOut, $"Its keys come from {enrollment}, and would come from there again when it registers: rotate them there.");
        }

        var first = plan.IsFirstGiven == 1 ? member.FirstKey : seen.PrimaryUsed < seen.SecondaryUsed ? CredentialName.PrimaryKey : CredentialName.SecondaryKey;
        var isSame = first == member.FirstKey;
        return member with
        {
            FirstKey = first,
            FirstMark = isSame ? member.FirstMark : member.LastMark,
            LastMark = isSame ? member.LastMark : member.FirstMark,
            SeenUse = first == CredentialName.PrimaryKey ? seen.PrimaryUsed : seen.SecondaryUsed,
        };
    }

    private async Task<IReadOnlyDictionary<string, string>> FindEnrollmentsAsync(HubName hub, IReadOnlyList<SeenMember> members, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] devices = [.. members.Select(static each => each.DeviceId).Distinct()];
        foreach (var room in devices.Length == 0 ? [] : provisioned)
        {
            foreach (var (device, words) in await room.FindAsync(hub, devices, cancellationToken))
            {
                all.TryAdd(device, words);
            }
        }

        return all;
    }

    // False when the plan does not wait any more, or another node has it.
    private async Task<bool> WriteAsync(HubName hub, RotationRow plan, RotationLease lease, IReadOnlyList<FleetMember> members, Action<string>? before, CancellationToken cancellationToken)
    {
        var written = await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                if (await RotationRows.LockAsync(write, database.Dialect, hub, plan.PlanId, cancel) is not { State: RotationStates.Waiting } row || lease.IsOthers(row))
                {
                    return false;
                }

                await RotationRows.UpdateAsync(write, lease.Take(row), cancel);
                if (members.Count > 0)
                {
                    await FleetRows.UpdateAsync(write, members, cancel);
                }

                before?.Invoke("looked-again");
                return true;
            },
            cancellationToken);
        return written is { IsOk: true, Value: true };
    }
}
