using System.Text.Json.Nodes;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Does the steps of some members inside one registry transaction: the keys, and what the devices are told, are one commit with the members' rows.</summary>
internal sealed class FleetSteps(Database database, IdentityKeyRenewal renewal, TwinWriter twins)
{
    private const string Section = "gatehouse";
    private const string Property = "credential";

    /// <summary>The members as they are afterwards.</summary>
    internal async Task<IReadOnlyList<FleetMember>> RunAsync(RegistryChange change, RotationRow plan, IReadOnlyList<FleetVerdict> batch, CancellationToken cancellationToken)
    {
        if (plan.Tells == 1)
        {
            // All twins at once and in order: nobody who holds one of them waits for another of them.
            await TwinRows.LockAllAsync(change.Transaction, database.Dialect, change.Hub, [.. batch.Where(static each => IsTold(each.Act)).Select(static each => each.Member.DeviceId).Distinct()], cancellationToken);
        }

        var members = new List<FleetMember>(batch.Count);
        foreach (var (act, member) in batch)
        {
            members.Add(act == FleetAct.Write ? member : await RenewAsync(change, plan, act, member, cancellationToken));
        }

        return members;
    }

    private static bool IsTold(FleetAct act) => act is FleetAct.Renew or FleetAct.Void;

    private async Task<FleetMember> RenewAsync(RegistryChange change, RotationRow plan, FleetAct act, FleetMember member, CancellationToken cancellationToken)
    {
        // It was looked at outside of this transaction.
        var present = await IdentityKeyRenewal.FindAsync(change, member.Identity, cancellationToken);
        if (present is not { PrimaryKey: not null, SecondaryKey: not null } || present.GenerationId != member.GenerationId || MarkOf(present, member.FirstKey) != member.FirstMark || MarkOf(present, member.LastKey) != member.LastMark)
        {
            return member.End(FleetStates.Skipped, present is null ? "It was deleted." : "Its keys were changed by somebody else.");
        }

        var row = await renewal.RenewAsync(change, present, act == FleetAct.Retire ? member.LastKey : member.FirstKey, cancellationToken);
        var done = member with { FirstMark = MarkOf(row, member.FirstKey), LastMark = MarkOf(row, member.LastKey) };
        return plan.Tells == 1 && IsTold(act) ? await TellAsync(change, plan, done, isOver: act == FleetAct.Void, cancellationToken) : done;
    }

    // Which key, never the key. Who cannot be told (a twin that is full) is handed its key all the same.
    private async Task<FleetMember> TellAsync(RegistryChange change, RotationRow plan, FleetMember member, bool isOver, CancellationToken cancellationToken)
    {
        JsonNode? word = isOver ? null : new JsonObject { ["slot"] = member.FirstKey == CredentialName.PrimaryKey ? "primary" : "secondary", ["plan"] = plan.PlanId };
        var update = TwinUpdate.OfDesired(new JsonObject { [Section] = new JsonObject { [Property] = word } });
        var told = await twins.WriteAsync(change.Transaction, change.Hub, change.Actor, member.Identity, update, IfMatch.Absent, cancellationToken, member.GenerationId);
        return told.IsOk ? member : member with { Reason = $"It could not be told: {told.Error.Message}" };
    }

    private static string MarkOf(IdentityRow row, string key) => new SealedSecret(key == CredentialName.PrimaryKey ? row.PrimaryKey! : row.SecondaryKey!).Mark;
}
