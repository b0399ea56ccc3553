using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Twins;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Hub.Registry;

/// <summary>Writes devices inside a registry transaction. Checks everything before it touches a row, so that a refused item leaves nothing.</summary>
internal sealed class DeviceWriter(CredentialSeal seal, GenerationIds generations, RegistryOptions options, TimeProvider time)
{
    private static readonly string[] EdgeModules = ["$edgeAgent", "$edgeHub"];

    /// <param name="change">The transaction.</param>
    /// <param name="input">What it shall be.</param>
    /// <param name="condition">What must be there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="known">The device and its modules, where they were read in this transaction and nothing has changed them since; null: they are read.</param>
    internal async Task<Result<IdentityRow>> PutAsync(RegistryChange change, IdentityInput input, WriteCondition condition, CancellationToken cancellationToken, IReadOnlyList<IdentityRow>? known = null)
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

        var rows = known ?? await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, input.Key.Device.Value, cancellationToken);
        var present = rows.FirstOrDefault(row => !row.IsModule);
        if (condition.Check(present, HubErrors.DeviceAlreadyExists, HubErrors.DeviceNotFound) is { } refused)
        {
            return refused;
        }

        return present is null
            ? await CreateAsync(change, input, credential.Value, cancellationToken)
            : await UpdateAsync(change, input, present, rows, credential.Value, cancellationToken);
    }

    internal static async Task<Result<IdentityRow>> DeleteAsync(RegistryChange change, DeviceId device, WriteCondition condition, CancellationToken cancellationToken)
    {
        var rows = await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, device.Value, cancellationToken);
        var present = rows.FirstOrDefault(row => !row.IsModule);
        if (condition.Check(present, HubErrors.DeviceAlreadyExists, HubErrors.DeviceNotFound) is { } refused)
        {
            return refused;
        }

        await change.TellAsync(present!, TwinChangeKind.DeleteIdentity, cancellationToken);
        await IdentityRows.DeleteDeviceAsync(change.Transaction, change.Hub, device.Value, cancellationToken);
        await DeviceMessageRows.DropAsync(change.Transaction, change.Hub.Value, device.Value, cancellationToken);
        await KnownCertificateRows.RetireAsync(change.Transaction, change.Hub.Value, device.Value, null, null, cancellationToken);
        change.Counts.Devices--;
        change.Counts.DisabledDevices -= present!.IsDisabled;
        change.Counts.Modules -= rows.Count - 1;
        change.Record("delete", present, null);
        return present;
    }

    private async Task<Result<IdentityRow>> CreateAsync(RegistryChange change, IdentityInput input, CredentialInput credential, CancellationToken cancellationToken)
    {
        var isEdge = input.IsEdge ?? false;
        if (change.Counts.Identities + 1 + (isEdge ? EdgeModules.Length : 0) > options.MaxIdentities)
        {
            return TooMany();
        }

        var row = Describe(
            new IdentityRow
            {
                Hub = change.Hub.Value,
                DeviceId = input.Key.Device.Value,
                GenerationId = generations.Next(),
                Etag = ETags.First(),
                Created = time.GetUtcNow().UtcTicks,
            },
            input);
        var applied = await seal.ApplyAsync(change, row, credential, cancellationToken);
        if (!applied.IsOk)
        {
            return applied.Error;
        }

        row = applied.Value.Row with { StatusChanged = 0 };
        await IdentityRows.InsertAsync(change.Transaction, row, cancellationToken);
        await TwinRows.InsertAsync(change.Transaction, row, cancellationToken);
        await change.TellAsync(row, TwinChangeKind.CreateIdentity, cancellationToken);
        change.Counts.Devices++;
        change.Counts.DisabledDevices += row.IsDisabled;
        change.Record("create", row, applied.Value.Keys);
        if (isEdge)
        {
            await AddEdgeModulesAsync(change, row, cancellationToken);
        }

        return row;
    }

    private async Task<Result<IdentityRow>> UpdateAsync(
        RegistryChange change, IdentityInput input, IdentityRow present, IReadOnlyList<IdentityRow> rows, CredentialInput credential, CancellationToken cancellationToken)
    {
        var keeps = input is { KeepsCredentials: true, Authentication: null };
        var row = Describe(present with { Etag = present.Etag + 1 }, input);
        var applied = keeps ? new AppliedCredential(row, "kept") : await seal.ApplyAsync(change, row, credential, cancellationToken);
        if (!applied.IsOk)
        {
            return applied.Error;
        }

        row = applied.Value.Row;
        var (wasEdge, isEdge) = (present.IsEdge != 0, row.IsEdge != 0);
        if (isEdge && !wasEdge && change.Counts.Identities + EdgeModules.Length > options.MaxIdentities)
        {
            return TooMany();
        }

        await IdentityRows.UpdateAsync(change.Transaction, row, cancellationToken);
        await change.RetireCertificatesAsync(present, row, cancellationToken);
        change.Counts.DisabledDevices += row.IsDisabled - present.IsDisabled;
        change.Record("update", row, applied.Value.Keys);
        if (isEdge && !wasEdge)
        {
            await AddEdgeModulesAsync(change, row, cancellationToken);
        }
        else if (wasEdge && !isEdge)
        {
            await RemoveEdgeModulesAsync(change, rows, cancellationToken);
        }

        return row;
    }

    private IdentityRow Describe(IdentityRow row, IdentityInput input)
    {
        var isEdge = input.IsEdge ?? row.IsEdge != 0;
        var isDisabled = input.Status is null ? row.IsDisabled : IdentityRules.IsDisabled(input.Status) ? 1 : 0;
        var (scope, parent) = isEdge ? EdgeScopes(row, input) : LeafScopes(row, input);
        return row with
        {
            IsEdge = isEdge ? 1 : 0,
            IsDisabled = isDisabled,
            StatusReason = input.Status is null ? row.StatusReason : input.StatusReason,
            StatusChanged = isDisabled == row.IsDisabled ? row.StatusChanged : time.GetUtcNow().UtcTicks,
            DeviceScope = scope,
            ParentScope = parent,
        };
    }

    // An Edge device's own scope is of the hub's making, whatever the caller says; its parent is in parentScopes.
    private (string? Scope, string? Parent) EdgeScopes(IdentityRow row, IdentityInput input)
    {
        var own = row.IsEdge != 0 ? row.DeviceScope : IdentityRules.ScopeOf(row.DeviceId, generations.Next());
        return (own, input.ParentScopes is null ? (row.IsEdge != 0 ? row.ParentScope : null) : input.ParentScopes is [{ Length: > 0 } parent, ..] ? parent : null);
    }

    // A leaf's scope is its parent's; the hub repeats it in parentScopes. parentScopes alone gives no parent.
    private static (string? Scope, string? Parent) LeafScopes(IdentityRow row, IdentityInput input)
    {
        var scope = input.DeviceScope is null ? row.DeviceScope : NullIfEmpty(input.DeviceScope);
        scope = row.IsEdge != 0 && (scope == row.DeviceScope) ? null : scope;
        return (scope, scope);
    }

    private async Task AddEdgeModulesAsync(RegistryChange change, IdentityRow device, CancellationToken cancellationToken)
    {
        foreach (var name in EdgeModules)
        {
            var module = new IdentityRow
            {
                Hub = device.Hub,
                DeviceId = device.DeviceId,
                ModuleId = name,
                GenerationId = generations.Next(),
                Etag = ETags.First(),
                CredentialKind = (long)CredentialKind.None,
                ManagedBy = "iotEdge",
                Created = time.GetUtcNow().UtcTicks,
            };
            await IdentityRows.InsertAsync(change.Transaction, module, cancellationToken);
            await TwinRows.InsertAsync(change.Transaction, module, cancellationToken);
            await change.TellAsync(module, TwinChangeKind.CreateIdentity, cancellationToken);
            change.Counts.Modules++;
            change.Record("create", module, null);
        }
    }

    private static async Task RemoveEdgeModulesAsync(RegistryChange change, IReadOnlyList<IdentityRow> rows, CancellationToken cancellationToken)
    {
        foreach (var module in rows.Where(row => EdgeModules.Contains(row.ModuleId)))
        {
            await change.TellAsync(module, TwinChangeKind.DeleteIdentity, cancellationToken);
            await IdentityRows.DeleteModuleAsync(change.Transaction, change.Hub, module.DeviceId, module.ModuleId, cancellationToken);
            change.Counts.Modules--;
            change.Record("delete", module, null);
        }
    }

    private HubError TooMany() => HubErrors.TooManyDevices.With($"The hub has {options.MaxIdentities} identities, the most it may have.");

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
