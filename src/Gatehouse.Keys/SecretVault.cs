using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys;

/// <summary>Seals secrets for storage and uses them without handing them out. Data keys live wrapped by a key handle: a file, an HSM, a TPM (<see cref="KeyCustody"/>).</summary>
/// <remarks>
/// AES-256-GCM; the binding (hub, table, row id, column) is associated data, so that a sealed value moved to another row does not open.
/// Layout of a sealed secret: <c>version(1) = 1 | data key id (4, big endian) | nonce (12) | ciphertext | tag (16)</c>. Version 2: what is encrypted is not the secret but
/// what an HSM wrapped of it (<see cref="SecretsKey"/>); the data key binds it to its row, the HSM keeps it to itself. Version 3 holds no secret: it is derived (<see cref="DerivedSecret"/>).
/// </remarks>
public sealed class SecretVault : IDisposable
{
    private const byte Version = 1;
    private const byte WrappedVersion = 2;
    private const int HeadBytes = 5;
    private const int NonceBytes = 12;
    private const int TagBytes = KeyRing.TagBytes;
    private const int MaxSecretBytes = 4096;

    // RFC 5649: padded to eight bytes, and eight more; and the length.
    private const int MaxWrappedBytes = MaxSecretBytes + 18;
    private const int MaxBindingCharacters = 1024;

    private SecretVault(KeyCustody custody)
    {
        Custody = custody;
        custody.Stores.SealBy(this);
    }

    /// <summary>Where the keys are, and changes of them.</summary>
    public KeyCustody Custody { get; }

    /// <summary>Opens the vault in a directory (mode 0700), making keys only where there are none at all. Its wrapping key is a file.</summary>
    /// <param name="directory">Usually {data}/keys.</param>
    /// <exception cref="KeysException">A file is missing, damaged, foreign or can be read by others.</exception>
    public static SecretVault Open(string directory) => Open(directory, new KeyStores(directory));

    /// <summary>The same with a wrapping key in any of these stores.</summary>
    /// <param name="directory">Usually {data}/keys.</param>
    /// <param name="stores">A new wrapping key is made in the first.</param>
    /// <param name="isHsmOnly">Whether a new server's secrets stay in the HSM; of one that exists this must have been so from the beginning.</param>
    /// <exception cref="KeysException">A file or key is missing, damaged, foreign, out of reach or can be read by others.</exception>
    public static SecretVault Open(string directory, KeyStores stores, bool isHsmOnly = false) => new(KeyCustody.Open(directory, stores, isHsmOnly));

    /// <summary>Encrypts a secret and binds it to its row.</summary>
    /// <param name="secret">At most 4,096 bytes.</param>
    /// <param name="binding">At most 1,024 characters; the same text opens it again.</param>
    /// <exception cref="KeysException">Secrets stay in an HSM, and it cannot be reached.</exception>
    public SealedSecret Seal(ReadOnlySpan<byte> secret, string binding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, MaxSecretBytes);
        return Custody.Secrets is { } hsm ? Seal(WrappedVersion, hsm.Wrap(secret), binding) : Seal(Version, secret, binding);
    }

    private SealedSecret Seal(byte version, ReadOnlySpan<byte> content, string binding)
    {
        var ring = Custody.Ring;
        var blob = new byte[HeadBytes + NonceBytes + content.Length + TagBytes];
        blob[0] = version;
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(1), ring.Current);
        var nonce = blob.AsSpan(HeadBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> associated = stackalloc byte[Encoding.UTF8.GetMaxByteCount(CheckedBinding(binding))];
        associated = associated[..Encoding.UTF8.GetBytes(binding, associated)];
        ring.Keys[ring.Current].Encrypt(nonce, content, blob.AsSpan(HeadBytes + NonceBytes, content.Length), blob.AsSpan(HeadBytes + NonceBytes + content.Length), associated);
        return new SealedSecret(blob);
    }

    /// <summary>HMAC-SHA-256 under the sealed key, without showing the key. False when the secret does not open under this binding.</summary>
    public bool TryHmacSha256(SealedSecret key, string binding, ReadOnlySpan<byte> message, Span<byte> mac) =>
        TryHmacSha256(key, binding, isText: false, message, mac);

    /// <summary>The same under the base64 text of the sealed key: clients of Event Hubs and Service Bus use the text itself as the key.</summary>
    public bool TryHmacSha256OfText(SealedSecret key, string binding, ReadOnlySpan<byte> message, Span<byte> mac) =>
        TryHmacSha256(key, binding, isText: true, message, mac);

    private bool TryHmacSha256(SealedSecret key, string binding, bool isText, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (DerivedSecret.Is(key))
        {
            return Custody.Secrets is not null ? TryHmacDerived(key, binding, isText, message, mac)
                : FindWorking(key, binding) is { } working && TryHmacSha256(working, binding, isText, message, mac);
        }

        var size = SecretLength(key);
        if (size < 0)
        {
            return false;
        }

        Span<byte> secret = stackalloc byte[size];
        try
        {
            if (!TryOpen(key, binding, secret))
            {
                return false;
            }

            if (IsWrapped(key))
            {
                return TryHmacInHsm(secret, isText, message, mac);
            }

            Hash(secret, isText, message, mac);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static void Hash(ReadOnlySpan<byte> secret, bool isText, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (isText)
        {
            HashUnderText(secret, message, mac);
        }
        else
        {
            HmacSha256.Hash(secret, message, mac);
        }
    }

    // The HSM derives it each time, in as many calls as a secret that it wraps: nothing of it stays in memory.
    private bool TryHmacDerived(SealedSecret key, string binding, bool isText, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> secret = stackalloc byte[DerivedSecret.SecretBytes];
        try
        {
            if (!TryDerive(key, binding, secret))
            {
                return false;
            }

            Hash(secret, isText, message, mac);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The secret that a derived one stands for; the caller zeroes it. False when what it is derived from does not open.</summary>
    /// <param name="secret">One that is derived.</param>
    /// <param name="binding">Whose it is: part of what it is derived from.</param>
    /// <param name="clear">32 bytes.</param>
    /// <exception cref="KeysException">The derivation key stays in an HSM, and it cannot be reached.</exception>
    internal bool TryDerive(SealedSecret secret, string binding, Span<byte> clear)
    {
        if (secret.Derivation is not { } from || DerivedSecret.Is(from.Sealed))
        {
            return false;
        }

        Span<byte> context = stackalloc byte[DerivedSecret.MaxContextBytes(CheckedBinding(binding))];
        return TryHmacSha256(from.Sealed, from.Binding, isText: false, context[..DerivedSecret.WriteContext(secret, binding, context)], clear);
    }

    /// <summary>Whether the newest data key sealed this: what was sealed before opens by older copies of the data keys.</summary>
    public bool IsNewest(SealedSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return SecretLength(secret) >= 0 && !DerivedSecret.Is(secret) && BinaryPrimitives.ReadInt32BigEndian(secret.Blob.Span[1..]) == Custody.Ring.Current;
    }

    // Two threads may both make it: either is good.
    private SealedSecret? FindWorking(SealedSecret secret, string binding)
    {
        if (secret.Working is { } known)
        {
            return known;
        }

        Span<byte> clear = stackalloc byte[DerivedSecret.SecretBytes];
        try
        {
            return TryDerive(secret, binding, clear) ? secret.Working = Seal(clear, binding) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    // No HSM makes the text of a key: for that it has to be shown.
    private bool TryHmacInHsm(ReadOnlySpan<byte> wrapped, bool isText, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (Custody.Secrets is not { } hsm)
        {
            return false;
        }

        if (!isText)
        {
            return hsm.TryHmacSha256(wrapped, message, mac);
        }

        var secret = hsm.Reveal(wrapped);
        if (secret is null)
        {
            return false;
        }

        HashUnderText(secret, message, mac);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }

    private static void HashUnderText(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> text = stackalloc byte[Base64.GetMaxEncodedToUtf8Length(secret.Length)];
        Base64.EncodeToUtf8(secret, text, out _, out var written);
        HmacSha256.Hash(text[..written], message, mac);
        CryptographicOperations.ZeroMemory(text);
    }

    /// <summary>Gives the secret back, for the registry's answers to callers with RegistryRead. The caller zeroes it.</summary>
    /// <exception cref="KeysException">It does not open under this binding.</exception>
    public byte[] Reveal(SealedSecret secret, string binding)
    {
        var isDerived = DerivedSecret.Is(secret);
        var size = isDerived ? DerivedSecret.SecretBytes : SecretLength(secret);
        var clear = new byte[Math.Max(size, 0)];
        return (isDerived ? TryDerive(secret, binding, clear) ? clear : null : size >= 0 && TryOpen(secret, binding, clear) ? IsWrapped(secret) ? Custody.Secrets?.Reveal(clear) : clear : null)
            ?? throw new KeysException("A stored secret does not open: it was altered, moved to another row, or sealed under keys that are not here.");
    }

    public void Dispose() => Custody.Dispose();

    private static int CheckedBinding(string binding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(binding.Length, MaxBindingCharacters, nameof(binding));
        return binding.Length;
    }

    private static bool IsWrapped(SealedSecret secret) => !secret.Blob.IsEmpty && secret.Blob.Span[0] == WrappedVersion;

    /// <summary>Bytes of what is encrypted; negative when the blob cannot be one of ours.</summary>
    private static int SecretLength(SealedSecret secret)
    {
        var size = secret.Blob.Length - HeadBytes - NonceBytes - TagBytes;
        return size <= (IsWrapped(secret) ? MaxWrappedBytes : MaxSecretBytes) ? size : -1;
    }

    private bool TryOpen(SealedSecret secret, string binding, Span<byte> clear)
    {
        var blob = secret.Blob.Span;
        if (blob[0] is not (Version or WrappedVersion) || Custody.Ring.Find(BinaryPrimitives.ReadInt32BigEndian(blob[1..])) is not { } cipher)
        {
            return false;
        }

        Span<byte> associated = stackalloc byte[Encoding.UTF8.GetMaxByteCount(CheckedBinding(binding))];
        associated = associated[..Encoding.UTF8.GetBytes(binding, associated)];
        return cipher.TryDecrypt(blob.Slice(HeadBytes, NonceBytes), blob[(HeadBytes + NonceBytes)..^TagBytes], blob[^TagBytes..], clear, associated);
    }
}
