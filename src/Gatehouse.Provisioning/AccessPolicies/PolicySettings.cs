using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>The shared access policies of a service, as back ends list, make, change and delete them. Each change, and each look at keys, is one transaction with its audit record.</summary>
/// <remarks>Nobody gives out rights, or sees the keys of rights, that his own policy does not hold: settings are no way to all the rest.</remarks>
internal sealed class PolicySettings(Database database, SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    private const int NewKeyBytes = 32;
    private const int MinKeyBytes = 16;
    private const int MaxKeyBytes = 64;

    internal Task<IReadOnlyList<PolicyRow>> ListAsync(HubName service, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => PolicyRows.ReadAllAsync(connection, service, token), cancellationToken);

    /// <summary>PolicyNotFound.</summary>
    internal async Task<Result<PolicyRow>> FindAsync(HubName service, string name, CancellationToken cancellationToken) =>
        Find(await ListAsync(service, cancellationToken), name) is { } row ? row : ProvisioningErrors.PolicyNotFound;

    /// <summary>Makes a policy without If-Match, changes one with it. ArgumentInvalid, Unauthorized, PreconditionFailed, PolicyConflict.</summary>
    internal Task<Result<PolicyRow>> PutAsync(PolicyCaller caller, string name, PolicyDocument document, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        async (transaction, all, token) =>
        {
            var present = Find(all, name);
            var rights = RightsWords.Read(document.Rights ?? (present is null ? null : RightsWords.Of((Rights)present.Rights)));
            if (Fault(caller, name, document, present, rights, all, etag) is { } refused)
            {
                return refused;
            }

            var row = Describe(caller.Service, present, name, document, rights!.Value);
            if (!row.IsOk)
            {
                return row.Error;
            }

            await (present is null ? PolicyRows.InsertAsync(transaction, row.Value, token) : PolicyRows.UpdateAsync(transaction, row.Value, token));
            var isKeyNew = present is null || row.Value.PrimaryKey != present.PrimaryKey || row.Value.SecondaryKey != present.SecondaryKey;
            return Record(transaction, caller, row.Value, present is null ? "create" : "update", new JsonObject { ["rights"] = RightsWords.Of(rights.Value), ["isNewKey"] = isKeyNew });
        },
        cancellationToken);

    /// <summary>PolicyNotFound, Unauthorized, PreconditionFailed; PolicyConflict for the last one that holds all rights.</summary>
    internal Task<Result<PolicyRow>> DeleteAsync(PolicyCaller caller, string name, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        async (transaction, all, token) =>
        {
            var found = FindFor(caller, all, name, etag);
            if (!found.IsOk)
            {
                return found.Error;
            }

            if (IsLastOwner(all, found.Value))
            {
                return LastOwner(found.Value);
            }

            await PolicyRows.DeleteAsync(transaction, found.Value, token);
            return Record(transaction, caller, found.Value, "delete", null);
        },
        cancellationToken);

    /// <summary>A new key in the place of one, or the two exchanged. ArgumentInvalid, PolicyNotFound, Unauthorized, PreconditionFailed.</summary>
    internal Task<Result<PolicyRow>> RegenerateAsync(PolicyCaller caller, string name, string? key, string? etag, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        async (transaction, all, token) =>
        {
            var found = FindFor(caller, all, name, etag);
            if (!found.IsOk)
            {
                return found.Error;
            }

            var row = found.Value;
            PolicyRow? changed = key?.ToUpperInvariant() switch
            {
                "PRIMARY" => row with { PrimaryKey = SealNew(row.Binding), PrimaryMade = time.GetUtcNow().UtcTicks },
                "SECONDARY" => row with { SecondaryKey = SealNew(row.Binding), SecondaryMade = time.GetUtcNow().UtcTicks },
                "SWAP" => row with { PrimaryKey = row.SecondaryKey, SecondaryKey = row.PrimaryKey, PrimaryMade = row.SecondaryMade, SecondaryMade = row.PrimaryMade },
                _ => null,
            };
            if (changed is null)
            {
                return Invalid("The key must be primary, secondary or swap.");
            }

            changed = changed with { Changed = After(row) };
            await PolicyRows.UpdateAsync(transaction, changed, token);
            return Record(transaction, caller, changed, "regenerate-key", new JsonObject { ["key"] = key!.ToLowerInvariant() });
        },
        cancellationToken);

    /// <summary>The policy with its keys in the open; that somebody looked is recorded. PolicyNotFound, Unauthorized.</summary>
    internal async Task<Result<PolicyDocument>> ShowKeysAsync(PolicyCaller caller, string name, CancellationToken cancellationToken)
    {
        var shown = await ChangeAsync(
            caller,
            (transaction, all, _) =>
            {
                var found = FindFor(caller, all, name, null);
                return Task.FromResult(found.IsOk ? Record(transaction, caller, found.Value, "list-keys", null) : found);
            },
            cancellationToken);
        return shown.IsOk ? PolicyDocument.Of(shown.Value) with { PrimaryKey = Reveal(shown.Value, shown.Value.PrimaryKey), SecondaryKey = Reveal(shown.Value, shown.Value.SecondaryKey) } : shown.Error;
    }

    /// <summary>A new key in the place of one, in a transaction that holds the service's row.</summary>
    internal async Task<PolicyRow> RenewAsync(WriteTransaction transaction, PolicyRow row, bool isPrimary, string actor, CancellationToken cancellationToken)
    {
        var made = SealNew(row.Binding);
        var now = time.GetUtcNow().UtcTicks;
        var changed = (isPrimary ? row with { PrimaryKey = made, PrimaryMade = now } : row with { SecondaryKey = made, SecondaryMade = now }) with { Changed = After(row) };
        await PolicyRows.UpdateAsync(transaction, changed, cancellationToken);
        transaction.Audit(new AuditRecord
        {
            Hub = row.Service,
            Actor = actor,
            Action = "provisioningpolicy.regenerate-key",
            Subject = row.Name,
            Detail = new JsonObject { ["key"] = isPrimary ? "primary" : "secondary" }.ToJsonString(),
        });
        return changed;
    }

    private HubError? Fault(PolicyCaller caller, string name, PolicyDocument document, PolicyRow? present, Rights? rights, IReadOnlyList<PolicyRow> all, string? etag) =>
        !EnrollmentKey.IsValid(name) || name.Length > PolicyRow.MaxNameLength ? Invalid($"The name of a policy must have 1 to {PolicyRow.MaxNameLength} letters, digits and - . _ :, and end in a letter, a digit or a dash.")
        : document.KeyName is { } named && !named.Equals(name, StringComparison.OrdinalIgnoreCase) ? Invalid("The keyName of the body is not that of the path.")
        : rights is not { } wanted ? Invalid("The rights must be some of ServiceConfig, EnrollmentRead, EnrollmentWrite, DeviceConnect, RegistrationStatusRead and RegistrationStatusWrite, with commas between.")
        : present is null && etag is not null ? ProvisioningErrors.PreconditionFailed.With("The policy does not exist.")
        : present is not null && (etag is null || !EntityTag.Fits(etag, PolicyDocument.EtagOf(present))) ? ProvisioningErrors.PreconditionFailed.With("The policy exists: send If-Match with its ETag.")
        : !caller.Holds(wanted) || (present is not null && !caller.Holds((Rights)present.Rights)) ? Beyond(caller)
        : present is not null && wanted != Rights.ProvisioningOwner && IsLastOwner(all, present) ? LastOwner(present)
        : present is null && all.Count >= options.MaxPolicies ? ProvisioningErrors.PolicyConflict.With($"The service has {options.MaxPolicies} policies, the most it may have.")
        : null;

    private Result<PolicyRow> Describe(HubName service, PolicyRow? present, string name, PolicyDocument document, Rights rights)
    {
        var row = present ?? new PolicyRow
        {
            Service = service.Value,
            Name = name,
            GenerationId = Guid.NewGuid().ToString("N"),
            Rights = 0,
            PrimaryKey = [],
            SecondaryKey = [],
            Created = time.GetUtcNow().UtcTicks,
            Changed = 0,
        };
        var primary = SealGiven(document.PrimaryKey, present?.PrimaryKey, row.Binding);
        var secondary = SealGiven(document.SecondaryKey, present?.SecondaryKey, row.Binding);
        return primary is null || secondary is null
            ? Invalid($"A key of a policy must be base64 of {MinKeyBytes} to {MaxKeyBytes} bytes.")
            : row with
            {
                Rights = (long)rights,
                PrimaryKey = primary,
                SecondaryKey = secondary,
                PrimaryMade = MadeAt(present, document.PrimaryKey, present?.PrimaryMade, row.Binding),
                SecondaryMade = MadeAt(present, document.SecondaryKey, present?.SecondaryMade, row.Binding),
                Changed = After(present),
            };
    }

    // A key that is left out stays as old as it is.
    private long MadeAt(PolicyRow? present, string? given, long? stored, string binding) =>
        present is null ? time.GetUtcNow().UtcTicks
        : string.IsNullOrEmpty(given) ? stored!.Value
        : vault.MadeAt(binding, given, time.GetUtcNow().UtcTicks, (present.PrimaryKey, present.PrimaryMade), (present.SecondaryKey, present.SecondaryMade));

    private static Result<PolicyRow> FindFor(PolicyCaller caller, IReadOnlyList<PolicyRow> all, string name, string? etag) =>
        Find(all, name) is not { } row ? ProvisioningErrors.PolicyNotFound
        : !caller.Holds((Rights)row.Rights) ? Beyond(caller)
        : !EntityTag.Fits(etag, PolicyDocument.EtagOf(row)) ? ProvisioningErrors.PreconditionFailed
        : row;

    private static PolicyRow? Find(IReadOnlyList<PolicyRow> all, string name) => all.FirstOrDefault(row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsLastOwner(IReadOnlyList<PolicyRow> all, PolicyRow row) =>
        row.Rights == (long)Rights.ProvisioningOwner && all.Count(each => each.Rights == (long)Rights.ProvisioningOwner) == 1;

    private static HubError LastOwner(PolicyRow row) =>
        ProvisioningErrors.PolicyConflict.With($"'{row.Name}' is the last policy with all rights; without one the service can no longer be managed. Create another first.");

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);

    private static HubError Beyond(PolicyCaller caller) => ProvisioningErrors.Unauthorized.With($"The policy '{caller.Name}' does not hold all the rights that this is about.");

    private Task<Result<PolicyRow>> ChangeAsync(PolicyCaller caller, Func<WriteTransaction, IReadOnlyList<PolicyRow>, CancellationToken, Task<Result<PolicyRow>>> change, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (transaction, token) => await InstanceRows.LockAsync(transaction, database.Dialect, caller.Service, token) is null
                ? ProvisioningErrors.NotFound
                : await change(transaction, await PolicyRows.ReadAllAsync(transaction.Connection, caller.Service, token, transaction.Transaction), token),
            cancellationToken);

    private static Result<PolicyRow> Record(WriteTransaction transaction, PolicyCaller caller, PolicyRow row, string verb, JsonObject? detail)
    {
        transaction.Audit(new AuditRecord { Hub = row.Service, Actor = caller.Actor, Action = $"provisioningpolicy.{verb}", Subject = row.Name, Detail = detail?.ToJsonString() });
        return row;
    }

    private long After(PolicyRow? present) => Math.Max(time.GetUtcNow().UtcTicks, (present?.Changed ?? 0) + 1);

    // A key that is left out stays; a new policy gets a new one. Null: it is no key.
    private byte[]? SealGiven(string? base64, byte[]? stored, string binding)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return stored ?? SealNew(binding);
        }

        Span<byte> key = stackalloc byte[MaxKeyBytes + 3];
        var blob = base64.Length <= 2 * MaxKeyBytes && Convert.TryFromBase64String(base64, key, out var length) && length is >= MinKeyBytes and <= MaxKeyBytes
            ? vault.Seal(key[..length], binding).Blob.ToArray()
            : null;
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }

    private byte[] SealNew(string binding)
    {
        Span<byte> key = stackalloc byte[NewKeyBytes];
        RandomNumberGenerator.Fill(key);
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }

    private string Reveal(PolicyRow row, byte[] blob)
    {
        var key = vault.Reveal(new SealedSecret(blob), row.Binding);
        var text = Convert.ToBase64String(key);
        CryptographicOperations.ZeroMemory(key);
        return text;
    }
}

/// <summary>Who changes policies, and what he may himself.</summary>
/// <param name="Service">Of which service.</param>
/// <param name="Name">His policy.</param>
/// <param name="Actor">For the audit log.</param>
/// <param name="Rights">Of his policy.</param>
internal sealed record PolicyCaller(HubName Service, string Name, string Actor, Rights Rights)
{
    internal bool Holds(Rights rights) => (rights & ~Rights) == 0;
}
