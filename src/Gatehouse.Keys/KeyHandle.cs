namespace Gatehouse.Keys;

/// <summary>A key that wraps data keys without showing itself: in a file, in an HSM or in a TPM. Made by a <see cref="KeyStore"/>; one that signs is a <see cref="Signing.SigningKeyHandle"/>.</summary>
public abstract class KeyHandle : IDisposable
{
    /// <summary>Stable id, stored beside what the key wrapped. Tells a key from another of the same name.</summary>
    public abstract string Id { get; }

    /// <summary>How it wraps, for operators: <c>AES-256-GCM</c>, <c>RSA-3072 OAEP</c>, <c>TPM sealed</c>.</summary>
    public abstract string Mechanism { get; }

    /// <summary>Encrypts a data key.</summary>
    /// <exception cref="KeysException">The key cannot be reached.</exception>
    public abstract byte[] Wrap(ReadOnlySpan<byte> key);

    /// <summary>Opens a wrapped data key; the caller zeroes it.</summary>
    /// <exception cref="KeysException">It was not wrapped by this key, or was altered; or the key cannot be reached.</exception>
    public abstract byte[] Unwrap(ReadOnlySpan<byte> wrapped);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
