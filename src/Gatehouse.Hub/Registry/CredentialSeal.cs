using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>Puts checked credentials into a row: keys sealed for exactly that row.</summary>
internal sealed class CredentialSeal(SecretVault vault)
{
    private const int GeneratedKeyBytes = 32;

    internal IdentityRow Apply(IdentityRow row, HubName hub, CredentialInput input)
    {
        var binding = row.BindingIn(hub);
        var holdsKeys = input.Kind == CredentialKind.Sas;
        return row with
        {
            CredentialKind = (long)input.Kind,
            PrimaryKey = holdsKeys ? Seal(input.PrimaryKey, binding) : null,
            SecondaryKey = holdsKeys ? Seal(input.SecondaryKey, binding) : null,
            PrimaryThumbprint = input.PrimaryThumbprint,
            SecondaryThumbprint = input.SecondaryThumbprint,
        };
    }

    /// <summary>A new key of the hub's making, sealed for a row.</summary>
    internal byte[] SealNew(string binding) => Seal(null, binding);

    private byte[] Seal(byte[]? given, string binding)
    {
        var key = given ?? RandomNumberGenerator.GetBytes(GeneratedKeyBytes);
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }
}
