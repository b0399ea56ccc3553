using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>Puts checked credentials into a row: keys sealed for exactly that row.</summary>
internal sealed class CredentialSeal(SecretVault vault, TimeProvider time)
{
    private const int GeneratedKeyBytes = 32;

    internal IdentityRow Apply(IdentityRow row, HubName hub, CredentialInput input)
    {
        var binding = row.BindingIn(hub);
        var holdsKeys = input.Kind == CredentialKind.Sas;

        // Before they are sealed, which wipes them.
        var (primaryMade, secondaryMade) = holdsKeys ? (MadeAt(row, binding, input.PrimaryKey), MadeAt(row, binding, input.SecondaryKey)) : (0, 0);
        return row with
        {
            PrimaryMade = primaryMade,
            SecondaryMade = secondaryMade,
            CredentialKind = (long)input.Kind,
            PrimaryKey = holdsKeys ? Seal(input.PrimaryKey, binding) : null,
            SecondaryKey = holdsKeys ? Seal(input.SecondaryKey, binding) : null,
            PrimaryThumbprint = input.PrimaryThumbprint,
            SecondaryThumbprint = input.SecondaryThumbprint,
        };
    }

    /// <summary>A new key of the hub's making, sealed for a row.</summary>
    internal byte[] SealNew(string binding) => Seal(null, binding);

    private long MadeAt(IdentityRow row, string binding, byte[]? given) =>
        vault.MadeAt(binding, given, time.GetUtcNow().UtcTicks, (row.PrimaryKey, row.PrimaryMade), (row.SecondaryKey, row.SecondaryMade));

    private byte[] Seal(byte[]? given, string binding)
    {
        var key = given ?? RandomNumberGenerator.GetBytes(GeneratedKeyBytes);
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }
}
