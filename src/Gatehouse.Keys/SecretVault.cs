using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys;

/// <summary>Seals secrets for storage and uses them without handing them out. Data keys live wrapped by a key handle (a software key file first, an HSM later).</summary>
/// <remarks>
/// AES-256-GCM; the binding (hub, table, row id, column) is associated data, so that a sealed value moved to another row does not open.
/// Layout of a sealed secret: <c>version(1) = 1 | data key id (4, big endian) | nonce (12) | ciphertext | tag (16)</c>.
/// </remarks>
public sealed class SecretVault : IDisposable
{
    private const byte Version = 1;
    private const int HeadBytes = 5;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int DataKeyBytes = 32;
    private const int MaxSecretBytes = 4096;
    private const int MaxBindingCharacters = 1024;

    private readonly Dictionary<int, DataKey> ciphers;
    private readonly int current;

    private SecretVault(Dictionary<int, DataKey> ciphers, int current)
    {
        this.ciphers = ciphers;
        this.current = current;
    }

    /// <summary>Opens the vault in a directory (mode 0700), making keys only where there are none at all.</summary>
    /// <param name="directory">Usually {data}/keys.</param>
    /// <exception cref="KeysException">A file is missing, damaged, foreign or can be read by others.</exception>
    public static SecretVault Open(string directory)
    {
        KeyFiles.CreateDirectory(directory);
        var wrappingPath = Path.Combine(directory, "wrapping.key");
        var dataPath = Path.Combine(directory, "data-keys.json");
        var stored = KeyFiles.Read(dataPath);
        using var handle = SoftwareKeyHandle.Open(wrappingPath);
        if (handle is null)
        {
            return stored is null ? Create(wrappingPath, dataPath) : throw Missing(wrappingPath, dataPath);
        }

        stored ??= KeyFiles.Finish(dataPath) ?? throw Missing(dataPath, wrappingPath);
        return Unwrap(DataKeyFile.Parse(stored, dataPath), handle, dataPath);
    }

    /// <summary>Encrypts a secret and binds it to its row.</summary>
    /// <param name="secret">At most 4,096 bytes.</param>
    /// <param name="binding">At most 1,024 characters; the same text opens it again.</param>
    public SealedSecret Seal(ReadOnlySpan<byte> secret, string binding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, MaxSecretBytes);
        var blob = new byte[HeadBytes + NonceBytes + secret.Length + TagBytes];
        blob[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(1), current);
        var nonce = blob.AsSpan(HeadBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> associated = stackalloc byte[Encoding.UTF8.GetMaxByteCount(CheckedBinding(binding))];
        associated = associated[..Encoding.UTF8.GetBytes(binding, associated)];
        ciphers[current].Encrypt(nonce, secret, blob.AsSpan(HeadBytes + NonceBytes, secret.Length), blob.AsSpan(HeadBytes + NonceBytes + secret.Length), associated);
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

            if (isText)
            {
                HashUnderText(secret, message, mac);
            }
            else
            {
                HMACSHA256.HashData(secret, message, mac);
            }

            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static void HashUnderText(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> text = stackalloc byte[Base64.GetMaxEncodedToUtf8Length(secret.Length)];
        Base64.EncodeToUtf8(secret, text, out _, out var written);
        HMACSHA256.HashData(text[..written], message, mac);
        CryptographicOperations.ZeroMemory(text);
    }

    /// <summary>Gives the secret back, for the registry's answers to callers with RegistryRead. The caller zeroes it.</summary>
    /// <exception cref="KeysException">It does not open under this binding.</exception>
    public byte[] Reveal(SealedSecret secret, string binding)
    {
        var size = SecretLength(secret);
        var clear = new byte[Math.Max(size, 0)];
        return size >= 0 && TryOpen(secret, binding, clear)
            ? clear
            : throw new KeysException("A stored secret does not open: it was altered, moved to another row, or sealed under keys that are not here.");
    }

    public void Dispose()
    {
        foreach (var cipher in ciphers.Values)
        {
            cipher.Dispose();
        }
    }

    // The data keys are written out first and take their name last: a start that is cut short leaves either nothing that counts or all of it.
    private static SecretVault Create(string wrappingPath, string dataPath)
    {
        var first = RandomNumberGenerator.GetBytes(DataKeyBytes);
        using var handle = SoftwareKeyHandle.Create(
            wrappingPath,
            made => KeyFiles.Stage(dataPath, new DataKeyFile(made.Id, [new DataKeyFile.Entry(1, made.Wrap(first))]).ToBytes()));
        CryptographicOperations.ZeroMemory(first);
        return Unwrap(DataKeyFile.Parse(KeyFiles.Finish(dataPath), dataPath), handle, dataPath);
    }

    private static KeysException Missing(string lost, string other) =>
        new($"'{lost}' is missing, but '{other}' is there. Restore it from its backup; a new one cannot open what is stored.");

    private static SecretVault Unwrap(DataKeyFile file, SoftwareKeyHandle handle, string path)
    {
        if (file.WrappedBy != handle.Id)
        {
            throw new KeysException($"'{path}' was wrapped by key {file.WrappedBy}, but the wrapping key here is {handle.Id}. Restore the keys directory from one backup as a whole.");
        }

        var ciphers = new Dictionary<int, DataKey>();
        foreach (var entry in file.Keys)
        {
            var key = handle.Unwrap(entry.Wrapped);
            ciphers[entry.Id] = key.Length == DataKeyBytes ? new DataKey(key, TagBytes) : throw new KeysException($"Data key {entry.Id} in '{path}' has a wrong length.");
            CryptographicOperations.ZeroMemory(key);
        }

        return new SecretVault(ciphers, file.Keys[^1].Id);
    }

    private static int CheckedBinding(string binding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(binding.Length, MaxBindingCharacters, nameof(binding));
        return binding.Length;
    }

    /// <summary>Bytes of the secret inside; negative when the blob cannot be one of ours.</summary>
    private static int SecretLength(SealedSecret secret)
    {
        var size = secret.Blob.Length - HeadBytes - NonceBytes - TagBytes;
        return size <= MaxSecretBytes ? size : -1;
    }

    private bool TryOpen(SealedSecret secret, string binding, Span<byte> clear)
    {
        var blob = secret.Blob.Span;
        if (blob[0] != Version || !ciphers.TryGetValue(BinaryPrimitives.ReadInt32BigEndian(blob[1..]), out var cipher))
        {
            return false;
        }

        Span<byte> associated = stackalloc byte[Encoding.UTF8.GetMaxByteCount(CheckedBinding(binding))];
        associated = associated[..Encoding.UTF8.GetBytes(binding, associated)];
        return cipher.TryDecrypt(blob.Slice(HeadBytes, NonceBytes), blob[(HeadBytes + NonceBytes)..^TagBytes], blob[^TagBytes..], clear, associated);
    }
}
