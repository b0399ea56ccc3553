using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>HMAC-SHA-256 (RFC 2104) with a new key each time, over a hash that each thread keeps: the platform's one-shot makes its context anew for every call, which costs as much as the hashing.</summary>
internal static class HmacSha256
{
    private const int BlockBytes = 64;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;

    [ThreadStatic]
    private static IncrementalHash? hash;

    /// <param name="key">Any length; longer than a block it is left to the platform.</param>
    /// <param name="message">What is signed.</param>
    /// <param name="mac">32 bytes.</param>
    internal static void Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (key.Length > BlockBytes)
        {
            HMACSHA256.HashData(key, message, mac);
            return;
        }

        var sha = hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> block = stackalloc byte[BlockBytes];
        Pad(key, InnerPad, block);
        sha.AppendData(block);
        sha.AppendData(message);
        sha.GetHashAndReset(mac);
        Pad(key, OuterPad, block);
        sha.AppendData(block);
        sha.AppendData(mac[..HMACSHA256.HashSizeInBytes]);
        sha.GetHashAndReset(mac);
        CryptographicOperations.ZeroMemory(block);
    }

    private static void Pad(ReadOnlySpan<byte> key, byte with, Span<byte> block)
    {
        block.Fill(with);
        for (var i = 0; i < key.Length; i++)
        {
            block[i] ^= key[i];
        }
    }
}
