namespace Gatehouse.Keys;

/// <summary>A key of an HSM under which secrets lie so that they are used there and nowhere else: what it wraps is unwrapped inside, for one HMAC. Only when a secret must be shown does it leave.</summary>
internal abstract class SecretsKey
{
    /// <summary>Tells it from another of the same name.</summary>
    internal abstract string Id { get; }

    /// <summary>Brings a secret into the HSM and wraps it there.</summary>
    /// <exception cref="KeysException">The HSM cannot be reached.</exception>
    internal abstract byte[] Wrap(ReadOnlySpan<byte> secret);

    /// <summary>HMAC-SHA-256 under a wrapped secret, computed in the HSM. False when this key did not wrap it.</summary>
    /// <exception cref="KeysException">The HSM cannot be reached.</exception>
    internal abstract bool TryHmacSha256(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> message, Span<byte> mac);

    /// <summary>Shows a secret; the caller zeroes it. Null when this key did not wrap it.</summary>
    /// <exception cref="KeysException">The HSM cannot be reached.</exception>
    internal abstract byte[]? Reveal(ReadOnlySpan<byte> wrapped);
}
