using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Provisioning;

/// <summary>Replaces one key of devices and leaves the other as it is, so that who stands on that one goes on.</summary>
internal sealed class DeviceKeyRolls(RegistryTransactions transactions, SecretVault vault, TimeProvider time) : IDeviceKeyRolls
{
    public Task<Result<IReadOnlySet<DeviceId>>> RunAsync(HubName hub, string actor, bool isPrimary, IReadOnlyList<DeviceKeyRoll> rolls, CancellationToken cancellationToken) => transactions.RunAsync<IReadOnlySet<DeviceId>>(
        hub,
        actor,
        async (change, token) =>
        {
            var have = new HashSet<DeviceId>();
            foreach (var roll in rolls)
            {
                if (await RunAsync(change, isPrimary, roll, token))
                {
                    have.Add(roll.Device);
                }
            }

            return Result<IReadOnlySet<DeviceId>>.Of(have);
        },
        cancellationToken);

    private async Task<bool> RunAsync(RegistryChange change, bool isPrimary, DeviceKeyRoll roll, CancellationToken cancellationToken)
    {
        var rows = await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, roll.Device.Value, cancellationToken);
        if (rows.FirstOrDefault(static row => !row.IsModule) is not { Kind: CredentialKind.Sas } row)
        {
            return false;
        }

        var binding = row.BindingIn(change.Hub);
        var present = (isPrimary ? row.Primary : row.Secondary).In(change.Hub)!;
        var (old, next) = (Convert.FromBase64String(roll.Old), Convert.FromBase64String(roll.New));
        var isNew = vault.Holds(present, binding, next);
        var isOld = vault.Holds(present, binding, old);
        if (!isNew && isOld)
        {
            // In a hub that takes no keys of others too: one that is stored takes the place of another that is, and the old one must go.
            var changed = (row with { Etag = row.Etag + 1 }).With(isPrimary, new KeySlot(vault.Seal(next, binding).Blob.ToArray(), null, time.GetUtcNow().UtcTicks));
            await IdentityRows.UpdateAsync(change.Transaction, changed, cancellationToken);
            change.Record("update", changed, "given");
        }

        CryptographicOperations.ZeroMemory(old);
        CryptographicOperations.ZeroMemory(next);
        return isNew || isOld;
    }
}
