using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>One data key, ready for use. AesGcm on OpenSSL reuses one native context, so calls take turns; each lasts about a microsecond.</summary>
internal sealed class DataKey : IDisposable
{
    internal const int Bytes = 32;

    private readonly AesGcm cipher;
    private readonly Lock turn = new();

    // Kept so that the key can be wrapped anew when the HSM that wrapped it is lost; the cipher holds as much. Pinned: no copies are left by the collector.
    private readonly byte[] key = GC.AllocateUninitializedArray<byte>(Bytes, pinned: true);

    internal DataKey(ReadOnlySpan<byte> key, int tagBytes)
    {
        key.CopyTo(this.key);
        cipher = new AesGcm(key, tagBytes);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(key);
        cipher.Dispose();
    }

    /// <summary>Wraps it, and sees that it comes back: what cannot be opened again must never be relied on.</summary>
    /// <exception cref="KeysException">The wrapping key cannot be used.</exception>
    internal byte[] WrapBy(KeyHandle handle)
    {
        var wrapped = handle.Wrap(key);
        var opened = handle.Unwrap(wrapped);
        var isSame = CryptographicOperations.FixedTimeEquals(opened, key);
        CryptographicOperations.ZeroMemory(opened);
        return isSame ? wrapped : throw new KeysException($"Wrapping key {handle.Id} does not give back what it wraps; nothing was changed.") { Fault = KeysFault.Unavailable };
    }

    internal void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> clear, Span<byte> sealedText, Span<byte> tag, ReadOnlySpan<byte> associated)
    {
        lock (turn)
        {
            cipher.Encrypt(nonce, clear, sealedText, tag, associated);
        }
    }

    /// <summary>False when key, text or associated data do not belong together.</summary>
    internal bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedText, ReadOnlySpan<byte> tag, Span<byte> clear, ReadOnlySpan<byte> associated)
    {
        try
        {
            lock (turn)
            {
                cipher.Decrypt(nonce, sealedText, tag, clear, associated);
            }

            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
