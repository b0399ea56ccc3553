using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys;

/// <summary>A secret that is stored nowhere: what stands in its place is public, and it is computed from that and a derivation key when it is used.</summary>
/// <remarks>
/// In its place: <c>version(1) = 3 | number of the derivation key (4, big endian) | salt (16) | slot that it was drawn for (1)</c>.
/// The secret is HMAC-SHA-256 under the derivation key of <c>"gatehouse derived key 1" 00 | binding, UTF-8 | 00 | what stands in its place</c>. Neither label nor binding has a zero byte and the last part
/// is of one length, so that no two secrets have the same text. The binding names hub, device, module and generation: moved to another row it is another secret.
/// </remarks>
public static class DerivedSecret
{
    /// <summary>Bytes of the secret, and of a derivation key.</summary>
    public const int SecretBytes = HMACSHA256.HashSizeInBytes;

    private const byte Version = 3;
    private const int NumberBytes = 4;
    private const int SaltBytes = 16;
    private const int BlobBytes = 1 + NumberBytes + SaltBytes + 1;

    private static ReadOnlySpan<byte> Label => "gatehouse derived key 1\0"u8;

    /// <summary>A new one: what stands in its place. Bytes 6 to 17 are random, as the nonce of a sealed secret is.</summary>
    /// <param name="number">Of the derivation key, 1 and up.</param>
    /// <param name="slot">A number for which of its owner's secrets it is.</param>
    public static byte[] Draw(int number, byte slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        var blob = new byte[BlobBytes];
        blob[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(1), number);
        RandomNumberGenerator.Fill(blob.AsSpan(1 + NumberBytes, SaltBytes));
        blob[^1] = slot;
        return blob;
    }

    /// <summary>Number of the derivation key of what stands in a secret's place; 0 for a secret that is stored itself, or none.</summary>
    public static int NumberOf(byte[]? blob) => Is(blob) ? BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(1)) : 0;

    internal static bool Is(SealedSecret secret) => Is(secret.Blob.Span);

    /// <summary>Bytes of the context at most, for a binding of so many characters.</summary>
    internal static int MaxContextBytes(int characters) => Label.Length + Encoding.UTF8.GetMaxByteCount(characters) + 1 + BlobBytes;

    /// <summary>Writes what the derivation key signs; its length.</summary>
    internal static int WriteContext(SealedSecret secret, string binding, Span<byte> context)
    {
        Label.CopyTo(context);
        var length = Label.Length + Encoding.UTF8.GetBytes(binding, context[Label.Length..]);
        context[length++] = 0;
        secret.Blob.Span.CopyTo(context[length..]);
        return length + BlobBytes;
    }

    private static bool Is([NotNullWhen(true)] byte[]? blob) => blob is not null && Is(blob.AsSpan());

    private static bool Is(ReadOnlySpan<byte> blob) => blob.Length == BlobBytes && blob[0] == Version;
}
