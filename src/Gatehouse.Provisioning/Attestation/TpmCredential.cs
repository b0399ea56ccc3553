using System.Security.Cryptography;
using Gatehouse.Identity.Tpm;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>What a device with a TPM gets for its hub: a new key each time, which leaves this server for the hub and, wrapped, for the TPM.</summary>
internal sealed class TpmCredential
{
    private const int KeyBytes = 32;

    private TpmCredential(string key, string other, string blob) => (Key, Other, Blob) = (key, other, blob);

    /// <summary>Base64.</summary>
    internal string Key { get; }

    /// <summary>The hub wants two keys; nobody knows this one.</summary>
    internal string Other { get; }

    /// <summary>The first key as only the TPM can open it, base64.</summary>
    internal string Blob { get; }

    internal static TpmCredential Make(ProvedTpm tpm)
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var made = new TpmCredential(
            Convert.ToBase64String(key),
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)),
            Convert.ToBase64String(ActivationBlob.Make(tpm.EndorsementKey, tpm.StorageRootKey, key)));
        CryptographicOperations.ZeroMemory(key);
        return made;
    }

    public override string ToString() => "***";
}
