using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Regenerates one key of an identity inside a registry transaction. The other key is not touched: who stands on it stays connected.</summary>
internal sealed class IdentityKeyRenewal(CredentialSeal seal)
{
    /// <summary>The identity as it is in this transaction; null when it is gone.</summary>
    internal static async Task<IdentityRow?> FindAsync(RegistryChange change, IdentityKey key, CancellationToken cancellationToken)
    {
        var module = key.Module?.Value ?? "";
        return (await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, key.Device.Value, cancellationToken)).FirstOrDefault(row => row.ModuleId == module);
    }

    /// <param name="change">The transaction.</param>
    /// <param name="present">As it was read in it, with keys.</param>
    /// <param name="key"><see cref="CredentialName.PrimaryKey"/> or <see cref="CredentialName.SecondaryKey"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<IdentityRow> RenewAsync(RegistryChange change, IdentityRow present, string key, CancellationToken cancellationToken)
    {
        var isPrimary = key == CredentialName.PrimaryKey;
        var row = (present with { Etag = present.Etag + 1 }).With(isPrimary, await seal.MakeAsync(change, present, isPrimary, cancellationToken));
        await IdentityRows.UpdateAsync(change.Transaction, row, cancellationToken);
        change.Record("update", row, $"{key} regenerated");
        return row;
    }

    /// <summary>The keys change places, and stay what they are.</summary>
    internal static async Task<IdentityRow> SwapAsync(RegistryChange change, IdentityRow present, CancellationToken cancellationToken)
    {
        var row = (present with { Etag = present.Etag + 1 }).With(isPrimary: true, present.Secondary).With(isPrimary: false, present.Primary);
        await IdentityRows.UpdateAsync(change.Transaction, row, cancellationToken);
        change.Record("update", row, "swapped");
        return row;
    }
}
