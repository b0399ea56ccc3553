using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Hub.Registry;

/// <summary>Writes modules inside a registry transaction.</summary>
internal sealed class ModuleWriter(CredentialSeal seal, GenerationIds generations, RegistryOptions options, TimeProvider time)
{
    internal async Task<Result<IdentityRow>> PutAsync(RegistryChange change, IdentityInput input, WriteCondition condition, CancellationToken cancellationToken)
    {
        if (IdentityRules.Check(input) is { } invalid)
        {
            return invalid;
        }

        var credential = CredentialRules.Read(input.Authentication, input.Key);
        if (!credential.IsOk)
        {
            return credential.Error;
        }

        var rows = await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, input.Key.Device.Value, cancellationToken);
        if (rows.Count == 0)
        {
            return HubErrors.DeviceNotFound;
        }

        var present = Find(rows, input.Key);
        if (condition.Check(present, HubErrors.ModuleAlreadyExistsOnDevice, HubErrors.ModuleNotFound) is { } refused)
        {
            return refused;
        }

        return present is null
            ? await CreateAsync(change, input, rows, credential.Value, cancellationToken)
            : await UpdateAsync(change, input, present, credential.Value, cancellationToken);
    }

    internal static async Task<Result<IdentityRow>> DeleteAsync(RegistryChange change, IdentityKey key, WriteCondition condition, CancellationToken cancellationToken)
    {
        var rows = await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, key.Device.Value, cancellationToken);
        if (rows.Count == 0)
        {
            return HubErrors.DeviceNotFound;
        }

        var present = Find(rows, key);
        if (condition.Check(present, HubErrors.ModuleAlreadyExistsOnDevice, HubErrors.ModuleNotFound) is { } refused)
        {
            return refused;
        }

        if (CredentialRules.IsSystemModule(key))
        {
            return HubErrors.InvalidOperation.With("A system module goes with its Edge device.");
        }

        await change.TellAsync(present!, TwinChangeKind.DeleteIdentity, cancellationToken);
        await IdentityRows.DeleteModuleAsync(change.Transaction, change.Hub, key.Device.Value, key.Module!.Value.Value, cancellationToken);
        await KnownCertificateRows.RetireAsync(change.Transaction, change.Hub.Value, key.Device.Value, key.Module.Value.Value, null, cancellationToken);
        change.Counts.Modules--;
        change.Record("delete", present!, null);
        return present!;
    }

    private async Task<Result<IdentityRow>> CreateAsync(
        RegistryChange change, IdentityInput input, IReadOnlyList<IdentityRow> rows, CredentialInput credential, CancellationToken cancellationToken)
    {
        if (CredentialRules.IsSystemModule(input.Key))
        {
            return HubErrors.ArgumentInvalid.With("Module ids that begin with $ are made by the hub.");
        }

        if (rows.Count(row => row.IsModule && !row.ModuleId.StartsWith('$')) >= options.MaxModulesPerDevice)
        {
            return HubErrors.TooManyModulesOnDevice.With($"The device has {options.MaxModulesPerDevice} modules, the most it may have.");
        }

        if (change.Counts.Identities + 1 > options.MaxIdentities)
        {
            return HubErrors.TooManyDevices.With($"The hub has {options.MaxIdentities} identities, the most it may have.");
        }

        var row = new IdentityRow
        {
            Hub = change.Hub.Value,
            DeviceId = input.Key.Device.Value,
            ModuleId = input.Key.Module!.Value.Value,
            GenerationId = generations.Next(),
            Etag = ETags.First(),
            ManagedBy = string.IsNullOrEmpty(input.ManagedBy) ? null : input.ManagedBy,
            Created = time.GetUtcNow().UtcTicks,
        };
        var applied = await seal.ApplyAsync(change, row, credential, cancellationToken);
        if (!applied.IsOk)
        {
            return applied.Error;
        }

        row = applied.Value.Row;
        await IdentityRows.InsertAsync(change.Transaction, row, cancellationToken);
        await TwinRows.InsertAsync(change.Transaction, row, cancellationToken);
        await change.TellAsync(row, TwinChangeKind.CreateIdentity, cancellationToken);
        change.Counts.Modules++;
        change.Record("create", row, applied.Value.Keys);
        return row;
    }

    private async Task<Result<IdentityRow>> UpdateAsync(RegistryChange change, IdentityInput input, IdentityRow present, CredentialInput credential, CancellationToken cancellationToken)
    {
        var keeps = input is { KeepsCredentials: true, Authentication: null };
        var row = present with { Etag = present.Etag + 1, ManagedBy = input.ManagedBy is null ? present.ManagedBy : string.IsNullOrEmpty(input.ManagedBy) ? null : input.ManagedBy };
        var applied = keeps ? new AppliedCredential(row, "kept") : await seal.ApplyAsync(change, row, credential, cancellationToken);
        if (!applied.IsOk)
        {
            return applied.Error;
        }

        row = applied.Value.Row;
        await IdentityRows.UpdateAsync(change.Transaction, row, cancellationToken);
        await change.RetireCertificatesAsync(present, row, cancellationToken);
        change.Record("update", row, applied.Value.Keys);
        return row;
    }

    private static IdentityRow? Find(IReadOnlyList<IdentityRow> rows, IdentityKey key) => rows.FirstOrDefault(row => row.ModuleId == key.Module!.Value.Value);
}
