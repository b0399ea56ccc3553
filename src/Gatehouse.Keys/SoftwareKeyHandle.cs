using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>A wrapping key in a file: AES-256-GCM. Whoever reads the file has the key; an HSM handle takes its place where one exists.</summary>
public sealed class SoftwareKeyHandle : KeyHandle
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int IdBytes = 8;

    private readonly AesGcm cipher;

    private SoftwareKeyHandle(byte[] content)
    {
        Id = Convert.ToHexStringLower(content.AsSpan(0, IdBytes));
        cipher = new AesGcm(content.AsSpan(IdBytes, KeyBytes), TagBytes);
        CryptographicOperations.ZeroMemory(content);
    }

    public override string Id { get; }

    public override string Mechanism => "AES-256-GCM";

    /// <summary>Reads the key; null when there is no such file.</summary>
    /// <exception cref="KeysException">The file is damaged or can be read by others.</exception>
    public static SoftwareKeyHandle? Open(string path)
    {
        var content = KeyFiles.Read(path);
        if (content is null)
        {
            return null;
        }

        return content.Length == IdBytes + KeyBytes
            ? new SoftwareKeyHandle(content)
            : throw new KeysException($"'{path}' is damaged: it has {content.Length} bytes instead of {IdBytes + KeyBytes}. Restore it from its backup.");
    }

    /// <summary>Makes a new key file.</summary>
    /// <param name="path">Where it will lie.</param>
    /// <param name="prepare">What must be done with the key before its file is there.</param>
    internal static SoftwareKeyHandle Create(string path, Action<SoftwareKeyHandle> prepare)
    {
        var content = RandomNumberGenerator.GetBytes(IdBytes + KeyBytes);
        var handle = new SoftwareKeyHandle([.. content]);
        prepare(handle);
        KeyFiles.Write(path, content);
        CryptographicOperations.ZeroMemory(content);
        return handle;
    }

    public override byte[] Wrap(ReadOnlySpan<byte> key)
    {
        var wrapped = new byte[NonceBytes + key.Length + TagBytes];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceBytes));
        cipher.Encrypt(wrapped.AsSpan(0, NonceBytes), key, wrapped.AsSpan(NonceBytes, key.Length), wrapped.AsSpan(NonceBytes + key.Length));
        return wrapped;
    }

    public override byte[] Unwrap(ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < NonceBytes + TagBytes)
        {
            throw Foreign();
        }

        var key = new byte[wrapped.Length - NonceBytes - TagBytes];
        try
        {
            cipher.Decrypt(wrapped[..NonceBytes], wrapped[NonceBytes..^TagBytes], wrapped[^TagBytes..], key);
            return key;
        }
        catch (CryptographicException error)
        {
            throw Foreign(error);
        }
    }

    private KeysException Foreign(CryptographicException? error = null) =>
        new($"A data key was not wrapped by wrapping key {Id}, or was altered. Restore the keys directory from one backup as a whole.", error);

    protected override void Dispose(bool disposing) => cipher.Dispose();
}
