using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>One data key, ready for use. AesGcm on OpenSSL reuses one native context, so calls take turns; each lasts about a microsecond.</summary>
internal sealed class DataKey(ReadOnlySpan<byte> key, int tagBytes) : IDisposable
{
    private readonly AesGcm cipher = new(key, tagBytes);
    private readonly Lock turn = new();

    public void Dispose() => cipher.Dispose();

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
