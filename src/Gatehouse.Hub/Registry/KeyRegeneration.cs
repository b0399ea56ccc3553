using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Gives devices and modules new keys, one transaction each: what one cannot have does not keep the others from theirs.</summary>
public sealed class KeyRegeneration
{
    private readonly RegistryTransactions transactions;
    private readonly IdentityKeyRenewal renewal;
    private readonly IdentityViews views;
    private readonly RegistryOptions options;

    internal KeyRegeneration(RegistryTransactions transactions, IdentityKeyRenewal renewal, IdentityViews views, RegistryOptions options) =>
        (this.transactions, this.renewal, this.views, this.options) = (transactions, renewal, views, options);

    /// <summary>The outcome of each item, in order. ArgumentInvalid, TooManyDevices and DeviceDefinedMultipleTimes refuse the whole call.</summary>
    public async Task<Result<IReadOnlyList<Result<RegisteredIdentity>>>> RunAsync(HubName hub, string actor, RegeneratedKey which, IReadOnlyList<IdentityKey> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0 || keys.Count > options.MaxBulkItems)
        {
            return keys.Count == 0 ? HubErrors.ArgumentInvalid.With("The list is empty.") : HubErrors.TooManyDevices.With($"At most {options.MaxBulkItems} identities are allowed in one call.");
        }

        if (keys.Distinct().Count() < keys.Count)
        {
            return HubErrors.DeviceDefinedMultipleTimes;
        }

        var outcomes = new List<Result<RegisteredIdentity>>(keys.Count);
        foreach (var key in keys)
        {
            var row = await transactions.RunAsync(hub, actor, (change, token) => RunAsync(change, which, key, token), cancellationToken);
            outcomes.Add(row.IsOk ? views.Show(hub, row.Value) : row.Error);
        }

        return outcomes;
    }

    private async Task<Result<IdentityRow>> RunAsync(RegistryChange change, RegeneratedKey which, IdentityKey key, CancellationToken cancellationToken)
    {
        if (await IdentityKeyRenewal.FindAsync(change, key, cancellationToken) is not { } present)
        {
            return key.IsModule ? HubErrors.ModuleNotFound : HubErrors.DeviceNotFound;
        }

        return present is not { PrimaryKey: not null, SecondaryKey: not null } ? HubErrors.InvalidOperation.With("The identity has no keys.")
            : which == RegeneratedKey.Swap ? await IdentityKeyRenewal.SwapAsync(change, present, cancellationToken)
            : await renewal.RenewAsync(change, present, which == RegeneratedKey.Primary ? CredentialName.PrimaryKey : CredentialName.SecondaryKey, cancellationToken);
    }
}
