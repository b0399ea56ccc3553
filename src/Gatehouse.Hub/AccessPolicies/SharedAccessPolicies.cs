using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;
using Gatehouse.Store;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>The shared access policies of a hub. Each change is one transaction with its audit record and the signal that ends what stood on the old keys.</summary>
/// <remarks>Source: IoT Hub "Control access with shared access signatures" page; key renewal as <c>az iot hub policy renew-key</c> does it.</remarks>
public sealed class SharedAccessPolicies
{
    private readonly Database database;
    private readonly SecretVault vault;
    private readonly GenerationIds generations;
    private readonly PolicyOptions options;
    private readonly TimeProvider time;

    internal SharedAccessPolicies(Database database, SecretVault vault, GenerationIds generations, PolicyOptions options, TimeProvider time) =>
        (this.database, this.vault, this.generations, this.options, this.time) = (database, vault, generations, options, time);

    public async Task<IReadOnlyList<AccessPolicy>> ListAsync(HubName hub, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, hub, cancel), cancellationToken);
        return [.. rows.Select(row => AccessPolicy.From(row, vault))];
    }

    /// <summary>What a connection string says of the policy with all rights, the one that the hub was born with where it is still there: its name, and its key or a token of it.</summary>
    /// <param name="hub">Whose policies.</param>
    /// <param name="end">When a token ends (<see cref="ConnectionSecret"/>).</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="KeysException">The key does not open, or the HSM cannot be reached.</exception>
    public async Task<string> OwnerCredentialAsync(HubEntry hub, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, hub.Name, cancel), cancellationToken);

        // An operator may have replaced it; the last policy with all rights cannot be removed.
        var owner = rows.Where(static row => (Rights)row.Rights == Rights.Owner).OrderByDescending(static row => row.Name == BuiltInPolicies.OwnerName).First();
        return $"SharedAccessKeyName={owner.Name};{ConnectionSecret.Of(vault, new SealedSecret(owner.PrimaryKey), owner.Binding, owner.Name, hub.HostNames[0], end)}";
    }

    /// <summary>GenericNotFound when there is none. Names are compared without regard to case.</summary>
    public async Task<Result<AccessPolicy>> FindAsync(HubName hub, string name, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, hub, cancel), cancellationToken);
        return Find(rows, name) is { } row ? AccessPolicy.From(row, vault) : NotFound(name);
    }

    /// <summary>Creates or replaces a policy, its keys included.</summary>
    public async Task<Result<Saved<AccessPolicy>>> PutAsync(HubName hub, string name, AccessPolicyChange change, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        if (!ResourceName.IsValid(name))
        {
            return HubErrors.ArgumentInvalid.With($"The policy name must have {ResourceName.Rule}.");
        }

        return await ChangeAsync<Saved<AccessPolicy>>(hub, name, ifMatch, async (write, rows, present, cancel) =>
        {
            if (CheckRights(rows, present, name, change.Rights) is { } refused)
            {
                return refused;
            }

            var row = NewRow(hub, present, name, change);
            if (!row.IsOk)
            {
                return row.Error;
            }

            await (present is null ? PolicyRows.InsertAsync(write, row.Value, cancel) : PolicyRows.UpdateAsync(write, row.Value, cancel));
            Record(write, row.Value, actor, present is null ? "policy.create" : "policy.update", new JsonObject { ["rights"] = RightsText.Write(change.Rights) });
            return new Saved<AccessPolicy>(AccessPolicy.From(row.Value, vault), IsNew: present is null);
        }, cancellationToken);
    }

    public Task<Result<AccessPolicy>> RenewKeyAsync(HubName hub, string name, KeyRenewal renewal, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync<AccessPolicy>(hub, name, ifMatch, async (write, _, present, cancel) =>
        {
            if (present is null)
            {
                return NotFound(name);
            }

            return AccessPolicy.From(await RenewAsync(write, present, renewal, actor, cancel), vault);
        }, cancellationToken);

    /// <summary>InvalidOperation for the last policy that holds all rights: the hub could no longer be managed.</summary>
    public Task<Result<string>> DeleteAsync(HubName hub, string name, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync<string>(hub, name, ifMatch, async (write, rows, present, cancel) =>
        {
            if (present is null)
            {
                return NotFound(name);
            }

            if (IsLastOwner(rows, present))
            {
                return HubErrors.InvalidOperation.With($"'{present.Name}' is the last policy with all rights; without one the hub can no longer be managed. Create another first.");
            }

            await PolicyRows.DeleteAsync(write, present, cancel);
            Record(write, present, actor, "policy.delete", null);
            return present.Name;
        }, cancellationToken);

    internal static PolicyRow? Find(IReadOnlyList<PolicyRow> rows, string name) =>
        rows.FirstOrDefault(row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));

    internal static HubError NotFound(string name) => HubErrors.GenericNotFound.With($"There is no shared access policy '{ResourceName.Cut(name)}'.");

    /// <summary>Within a transaction that holds the hub's lock: the row as it is afterwards.</summary>
    internal async Task<PolicyRow> RenewAsync(WriteTransaction write, PolicyRow present, KeyRenewal renewal, string actor, CancellationToken cancellationToken)
    {
        var row = Renew(present, renewal);
        await PolicyRows.UpdateAsync(write, row, cancellationToken);
        Record(write, row, actor, "policy.regenerate-key", new JsonObject { ["key"] = renewal.ToString().ToLowerInvariant() });
        return row;
    }

    private Task<Result<T>> ChangeAsync<T>(
        HubName hub,
        string name,
        IfMatch ifMatch,
        Func<WriteTransaction, IReadOnlyList<PolicyRow>, PolicyRow?, CancellationToken, Task<Result<T>>> change,
        CancellationToken cancellationToken) =>
        database.WriteAsync<T>(
            async (write, cancel) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
                {
                    return missing;
                }

                var rows = await PolicyRows.ReadAllAsync(write.Connection, hub, cancel, write.Transaction);
                var present = Find(rows, name);
                var fits = ifMatch.Kind == IfMatchKind.Absent || (present is not null && (ifMatch.Kind == IfMatchKind.Any || ifMatch.ETag == AccessPolicy.ETagOf(present)));
                return fits ? await change(write, rows, present, cancel) : HubErrors.PreconditionFailed;
            },
            cancellationToken);

    private HubError? CheckRights(IReadOnlyList<PolicyRow> rows, PolicyRow? present, string name, Rights rights)
    {
        if (rights == Rights.None || (rights & ~Rights.Owner) != 0)
        {
            return HubErrors.ArgumentInvalid.With("A policy needs at least one right.");
        }

        foreach (var (builtIn, fixedRights) in BuiltInPolicies.All)
        {
            if (string.Equals(builtIn, name, StringComparison.OrdinalIgnoreCase) && rights != fixedRights)
            {
                return HubErrors.InvalidOperation.With($"The built-in policy '{builtIn}' has the rights {RightsText.Write(fixedRights)}; make a policy of another name for other rights.");
            }
        }

        if (present is not null && rights != Rights.Owner && IsLastOwner(rows, present))
        {
            return HubErrors.InvalidOperation.With($"'{present.Name}' is the last policy with all rights; without one the hub can no longer be managed. Create another first.");
        }

        return present is null && rows.Count >= options.MaxPerHub
            ? HubErrors.GenericConflict.With($"The hub has {options.MaxPerHub} shared access policies already, the most it can hold.")
            : null;
    }

    private Result<PolicyRow> NewRow(HubName hub, PolicyRow? present, string name, AccessPolicyChange change)
    {
        var now = time.GetUtcNow().UtcTicks;
        var row = new PolicyRow
        {
            Hub = hub.Value,
            Name = present?.Name ?? name,
            GenerationId = present?.GenerationId ?? generations.Next(),
            Rights = (long)change.Rights,
            PrimaryKey = [],
            SecondaryKey = [],
            Created = present?.Created ?? now,
            Changed = After(present, now),
            PrimaryMade = now,
            SecondaryMade = now,
        };
        var primary = PolicyKeys.SealGiven(vault, change.PrimaryKey, row.Binding, "primary");
        if (!primary.IsOk)
        {
            return primary.Error;
        }

        var secondary = PolicyKeys.SealGiven(vault, change.SecondaryKey, row.Binding, "secondary");
        return secondary.IsOk ? row with
        {
            PrimaryKey = primary.Value,
            SecondaryKey = secondary.Value,
            PrimaryMade = MadeAt(present, change.PrimaryKey, row.Binding, now),
            SecondaryMade = MadeAt(present, change.SecondaryKey, row.Binding, now),
        } : secondary.Error;
    }

    private long MadeAt(PolicyRow? present, string? given, string binding, long now) =>
        present is null ? now : vault.MadeAt(binding, given, now, (present.PrimaryKey, present.PrimaryMade), (present.SecondaryKey, present.SecondaryMade));

    private PolicyRow Renew(PolicyRow row, KeyRenewal renewal)
    {
        var now = time.GetUtcNow().UtcTicks;
        var renewed = renewal switch
        {
            KeyRenewal.Primary => row with { PrimaryKey = PolicyKeys.SealNew(vault, row.Binding), PrimaryMade = now },
            KeyRenewal.Secondary => row with { SecondaryKey = PolicyKeys.SealNew(vault, row.Binding), SecondaryMade = now },
            _ => row with { PrimaryKey = row.SecondaryKey, SecondaryKey = row.PrimaryKey, PrimaryMade = row.SecondaryMade, SecondaryMade = row.PrimaryMade },
        };
        return renewed with { Changed = After(row, now) };
    }

    // The time of a change is its ETag: it moves even when the clock does not.
    private static long After(PolicyRow? present, long now) => Math.Max(now, (present?.Changed ?? 0) + 1);

    private static bool IsLastOwner(IReadOnlyList<PolicyRow> rows, PolicyRow row) =>
        row.Rights == (long)Rights.Owner && rows.Count(each => each.Rights == (long)Rights.Owner) == 1;

    private static void Record(WriteTransaction write, PolicyRow row, string actor, string action, JsonObject? detail)
    {
        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.Name, Detail = detail?.ToJsonString() });
        write.Signal(new Signal(SignalSubjects.PolicyChanged, row.Hub, row.Name));
    }
}
