namespace Gatehouse.Keys;

/// <summary>A key that wraps data keys without showing itself: a file here, an HSM or TPM where one is attached.</summary>
public abstract class KeyHandle : IDisposable
{
    /// <summary>Stable id, stored beside what the key wrapped.</summary>
    public abstract string Id { get; }

    /// <summary>Encrypts a data key.</summary>
    public abstract byte[] Wrap(ReadOnlySpan<byte> key);

    /// <summary>Opens a wrapped data key; the caller zeroes it.</summary>
    /// <exception cref="KeysException">It was not wrapped by this key, or was altered.</exception>
    public abstract byte[] Unwrap(ReadOnlySpan<byte> wrapped);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
