using Gatehouse.Keys.Signing;

namespace Gatehouse.Keys;

/// <summary>A place where keys lie: a directory, a token of an HSM, a TPM. One that was gone and came back works again.</summary>
/// <remarks>A key has one use: it wraps data keys, signs, or keeps secrets in an HSM.</remarks>
public abstract class KeyStore
{
    /// <summary><c>file</c>, <c>pkcs11:token=LABEL</c> or <c>tpm</c>; the part of a <see cref="KeyAddress"/> before the key's own name.</summary>
    public abstract string Name { get; }

    /// <summary>The wrapping key of this name; null when there is none.</summary>
    /// <exception cref="KeysException">The store cannot be reached, or the key is none that may wrap (it can be read out of its token, say).</exception>
    public abstract KeyHandle? Find(string key);

    /// <summary>Makes a wrapping key that never leaves the store.</summary>
    /// <exception cref="KeysException">There is one of this name, or the store cannot be reached.</exception>
    public abstract KeyHandle Create(string key);

    /// <summary>The signing key of this name; null when there is none.</summary>
    /// <exception cref="KeysException">The store cannot be reached, or the key is none that may sign.</exception>
    public abstract SigningKeyHandle? FindSigning(string key);

    /// <summary>Makes a signing key that never leaves the store.</summary>
    /// <exception cref="KeysException">There is a key of this name, the store makes none of this type, or cannot be reached.</exception>
    public abstract SigningKeyHandle CreateSigning(string key, SigningKeyType type);

    /// <summary>Whether secrets can be used in the store without leaving it.</summary>
    internal virtual bool KeepsSecrets => false;

    /// <summary>The key of this name under which secrets stay in the store; null when there is none.</summary>
    /// <exception cref="KeysException">The store cannot be reached, or keeps no secrets to itself: only HSMs do.</exception>
    internal virtual SecretsKey? FindSecrets(string key) => throw KeepsNone();

    /// <summary>Makes such a key.</summary>
    /// <exception cref="KeysException">There is a key of this name, the store keeps no secrets to itself, or cannot be reached.</exception>
    internal virtual SecretsKey CreateSecrets(string key) => throw KeepsNone();

    /// <summary>The keys here, as far as they can be counted: a TPM derives its keys from their names and keeps no list.</summary>
    /// <exception cref="KeysException">The store cannot be reached.</exception>
    public abstract IReadOnlyList<StoredKey> List();

    private KeysException KeepsNone() => new($"The key store '{Name}' cannot keep secrets to itself; an HSM (pkcs11:…) can.") { Fault = KeysFault.Refused };
}

/// <summary>A key as a store lists it.</summary>
/// <param name="Key">Where it is.</param>
/// <param name="Id">Its id; null where it cannot be used.</param>
/// <param name="Mechanism">How it wraps or signs; null where it cannot be used.</param>
/// <param name="Problem">Why it cannot be used; null where it can.</param>
public sealed record StoredKey(KeyAddress Key, string? Id, string? Mechanism, string? Problem)
{
    public KeyUse Use { get; init; }
}

/// <summary>What a key is for.</summary>
public enum KeyUse
{
    /// <summary>It wraps data keys.</summary>
    Wrapping,

    /// <summary>It signs.</summary>
    Signing,

    /// <summary>Secrets stay in the HSM under it.</summary>
    Secrets,
}
