using System.Security.Cryptography;
using Gatehouse.Contracts.Errors;
using Gatehouse.Keys;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>Seals keys of policies: given ones of 16–64 bytes, or new ones of 32.</summary>
/// <remarks>Source: the length is documented for device keys ("Control access" page). Unconfirmed for policies.</remarks>
internal static class PolicyKeys
{
    private const int MinBytes = 16;
    private const int MaxBytes = 64;
    private const int NewBytes = 32;

    internal static byte[] SealNew(SecretVault vault, string binding)
    {
        Span<byte> key = stackalloc byte[NewBytes];
        RandomNumberGenerator.Fill(key);
        return Seal(vault, key, binding);
    }

    /// <summary>Null or empty: a new key.</summary>
    internal static Result<byte[]> SealGiven(SecretVault vault, string? base64, string binding, string which)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return SealNew(vault, binding);
        }

        Span<byte> key = stackalloc byte[MaxBytes + 3];
        if (!Convert.TryFromBase64String(base64, key, out var length) || length is < MinBytes or > MaxBytes)
        {
            CryptographicOperations.ZeroMemory(key);
            return HubErrors.ArgumentInvalid.With($"The {which} key must be base64 of {MinBytes} to {MaxBytes} bytes.");
        }

        return Seal(vault, key[..length], binding);
    }

    private static byte[] Seal(SecretVault vault, Span<byte> key, string binding)
    {
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }
}
