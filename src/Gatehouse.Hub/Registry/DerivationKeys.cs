using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>The keys of hubs that keys of devices are derived from. One is made when the first key is drawn, and another when the server has a new data key: what is drawn then is safe from whoever has an old one.</summary>
internal sealed class DerivationKeys(SecretVault vault, TimeProvider time)
{
    /// <summary>How the hub makes keys in this transaction, which holds its registry: nobody changes that meanwhile.</summary>
    /// <exception cref="KeysException">Secrets stay in an HSM, and it cannot be reached.</exception>
    internal async Task<KeyMaking> FindMakingAsync(RegistryChange change, CancellationToken cancellationToken) => change.Making ??=
        await DerivationRows.IsWantedAsync(change.Transaction, change.Hub, cancellationToken) ? await FindOrMakeAsync(change, cancellationToken) : KeyMaking.Stored;

    private async Task<KeyMaking> FindOrMakeAsync(RegistryChange change, CancellationToken cancellationToken)
    {
        // Newest first. Nodes that have other data keys than this one draw by keys of their own.
        var present = await DerivationRows.ListAsync(change.Transaction, change.Hub, cancellationToken);
        return present.FirstOrDefault(each => vault.IsNewest(new SealedSecret(each.Sealed))) is { } found
            ? new KeyMaking((int)found.Number, found.Sealed)
            : await MakeAsync(change, (int)(present.Count == 0 ? 0 : present[0].Number) + 1, cancellationToken);
    }

    private async Task<KeyMaking> MakeAsync(RegistryChange change, int number, CancellationToken cancellationToken)
    {
        var key = RandomNumberGenerator.GetBytes(DerivedSecret.SecretBytes);
        var blob = vault.Seal(key, KeyBinding.ForDerivation(change.Hub, number)).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        await DerivationRows.InsertAsync(change.Transaction, new DerivationRow { Hub = change.Hub.Value, Number = number, Sealed = blob, Created = time.GetUtcNow().UtcTicks }, cancellationToken);
        change.Transaction.Audit(new AuditRecord
        {
            Hub = change.Hub.Value,
            Actor = change.Actor,
            Action = "derivation-key.create",
            Subject = number.ToString(CultureInfo.InvariantCulture),
            Detail = new JsonObject { ["number"] = number }.ToJsonString(),
        });
        return new KeyMaking(number, blob);
    }
}
