using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Gives out the new keys of a plan, page by page, for those who bring them to the devices. That it did is in the audit log before the keys leave.</summary>
public sealed class FleetKeys
{
    private const int Page = 100;

    private readonly Database database;
    private readonly IdentityViews views;

    internal FleetKeys(Database database, IdentityViews views) => (this.database, this.views) = (database, views);

    /// <summary>GenericNotFound; InvalidOperation for plans that have no keys of devices.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="planId">Which plan.</param>
    /// <param name="after">Only what follows this identity; null for the first page.</param>
    /// <param name="actor">Who reads them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Gatehouse.Keys.KeysException">A key does not open, or the HSM cannot be reached.</exception>
    public async Task<Result<HandedKeys>> ReadAsync(HubName hub, string planId, IdentityKey? after, string actor, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, cancel) => RotationRows.FindAsync(connection, hub, planId, cancel), cancellationToken) is not { } plan)
        {
            return Rotations.NotFound(planId);
        }

        if (plan.Kind != Rotations.DeviceKey)
        {
            return HubErrors.InvalidOperation.With($"Only plans of the kind {Rotations.DeviceKey} have keys to hand out; those of a policy are shown with the policy.");
        }

        var place = (after?.Device.Value ?? "", after?.Module?.Value ?? "");
        var members = await database.ReadAsync((connection, cancel) => FleetRows.ListAsync(connection, database.Dialect, plan, [FleetStates.Renewed, FleetStates.Moved, FleetStates.Done], place, Page, cancel), cancellationToken);
        var keys = new List<HandedKey>(members.Count);
        foreach (var member in members)
        {
            var row = await database.ReadAsync((connection, cancel) => IdentityRows.FindAsync(connection, hub, member.Identity, cancel), cancellationToken);
            var isPrimary = member.FirstKey == CredentialName.PrimaryKey;
            if (row is not null && row.GenerationId == member.GenerationId && (isPrimary ? row.PrimaryKey : row.SecondaryKey) is { } blob && new SealedSecret(blob).Mark == member.FirstMark)
            {
                var shown = views.Show(hub, row);
                keys.Add(new HandedKey(member.ToString(), isPrimary ? "primary" : "secondary", (isPrimary ? shown.PrimaryKey : shown.SecondaryKey)!));
            }
        }

        if (keys.Count > 0)
        {
            await RecordAsync(plan, keys, actor, cancellationToken);
        }

        return new HandedKeys(keys, members.Count < Page ? null : members[^1].ToString());
    }

    private Task<Result<bool>> RecordAsync(RotationRow plan, List<HandedKey> keys, string actor, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        (write, _) =>
        {
            var detail = new JsonObject { ["keys"] = keys.Count, ["first"] = keys[0].Identity, ["last"] = keys[^1].Identity };
            write.Audit(new AuditRecord { Hub = plan.Hub, Actor = actor, Action = "rotation.keys", Subject = plan.PlanId, Detail = detail.ToJsonString() });
            return Task.FromResult<Result<bool>>(true);
        },
        cancellationToken);
}

/// <param name="Keys">In the order of ids; only of those whose key is new and has not been changed since.</param>
/// <param name="Next">The next page comes after this identity; null on the last one.</param>
public sealed record HandedKeys(IReadOnlyList<HandedKey> Keys, string? Next);

/// <param name="Identity">Device or <c>device/module</c>.</param>
/// <param name="Slot"><c>primary</c> or <c>secondary</c>.</param>
/// <param name="Key">Base64.</param>
public sealed record HandedKey(string Identity, string Slot, string Key)
{
    public override string ToString() => $"{Identity} {Slot} ***";
}
