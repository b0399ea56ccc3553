using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys;

/// <summary>Since when a key is what it is. The same key that is sealed once more, or put into the other place, grows no younger by that.</summary>
public static class KeyAge
{
    /// <summary>Whether a sealed secret is this key; told by what it signs, so that it does not leave the vault.</summary>
    public static bool Holds(this SecretVault vault, SealedSecret secret, string binding, ReadOnlySpan<byte> key)
    {
        ArgumentNullException.ThrowIfNull(vault);
        if (DerivedSecret.Is(secret))
        {
            // One HMAC less, and nothing to keep.
            Span<byte> derived = stackalloc byte[DerivedSecret.SecretBytes];
            var isSame = vault.TryDerive(secret, binding, derived) && CryptographicOperations.FixedTimeEquals(derived, key);
            CryptographicOperations.ZeroMemory(derived);
            return isSame;
        }

        Span<byte> probe = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> signed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        RandomNumberGenerator.Fill(probe);
        HMACSHA256.HashData(key, probe, expected);
        return vault.TryHmacSha256(secret, binding, probe, signed) && CryptographicOperations.FixedTimeEquals(expected, signed);
    }

    /// <summary>When a key that somebody gives was made: the time of the one that is there already and the same, else now. UTC ticks.</summary>
    /// <param name="vault">Opens those that are there.</param>
    /// <param name="binding">Of both.</param>
    /// <param name="given">Empty: a new one is made.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="present">Those that are there, each with the time at which it was made (0: not known).</param>
    public static long MadeAt(this SecretVault vault, string binding, ReadOnlySpan<byte> given, long now, params ReadOnlySpan<(byte[]? Blob, long Made)> present)
    {
        foreach (var (blob, made) in present)
        {
            if (!given.IsEmpty && blob is not null && vault.Holds(new SealedSecret(blob), binding, given))
            {
                return made;
            }
        }

        return now;
    }

    /// <summary>The same for base64, which was found to be a key before; null or empty: a new one is made.</summary>
    public static long MadeAt(this SecretVault vault, string binding, string? given, long now, params ReadOnlySpan<(byte[]? Blob, long Made)> present)
    {
        if (string.IsNullOrEmpty(given))
        {
            return now;
        }

        var key = Convert.FromBase64String(given);
        var made = vault.MadeAt(binding, key, now, present);
        CryptographicOperations.ZeroMemory(key);
        return made;
    }
}
