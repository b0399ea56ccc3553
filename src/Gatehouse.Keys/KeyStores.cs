using Gatehouse.Keys.Pkcs11;
using Gatehouse.Keys.Signing;
using Gatehouse.Keys.Tpm;

namespace Gatehouse.Keys;

/// <summary>The stores of keys that a server may use. The first is where a new server makes its wrapping key.</summary>
public sealed class KeyStores
{
    private readonly FileKeyStore files;

    /// <param name="directory">The server's keys directory.</param>
    /// <param name="declared">What the operator allows; empty for files alone.</param>
    public KeyStores(string directory, params IReadOnlyList<KeyStoreAddress> declared)
    {
        files = new FileKeyStore(directory);
        All = declared.Count == 0 ? [files] : [.. declared.Select(address => Open(address, directory))];
        if (All.Select(store => store.Name).Distinct().Count() != All.Count)
        {
            throw new KeysException("The same key store is named twice with --key-store; name it once.") { Fault = KeysFault.Refused };
        }
    }

    public IReadOnlyList<KeyStore> All { get; }

    /// <summary>Makes a signing key.</summary>
    /// <exception cref="KeysException">There is a key of this name, the store makes none of this type, is not among the server's, or cannot be reached.</exception>
    public SigningKeyHandle CreateSigning(KeyAddress key, SigningKeyType type) => Allowed(key).CreateSigning(key.Name, type);

    /// <summary>Opens a signing key; the caller disposes of it.</summary>
    /// <param name="key">Where it is.</param>
    /// <param name="isNew">Whether it is to be used from now on: what the operator did not allow is refused then.</param>
    /// <exception cref="KeysException">There is none, it may not sign, or its store is not among the server's, or cannot be reached.</exception>
    public SigningKeyHandle OpenSigning(KeyAddress key, bool isNew = false) => (isNew ? Allowed(key) : Holding(key)).FindSigning(key.Name)
        ?? throw new KeysException($"There is no key '{key}'; 'gatehouse key create --use signing' makes it.") { Fault = KeysFault.NotFound };

    /// <summary>The data keys are open: they seal signing keys in files.</summary>
    internal void SealBy(SecretVault vault) => files.Vault = vault;

    /// <summary>The store of a key that is in use. A key file opens wherever new keys are to lie, so that keys can be moved out of files.</summary>
    /// <exception cref="KeysException">The server has no such store.</exception>
    internal KeyStore Holding(KeyAddress key) => All.FirstOrDefault(store => store.Name == key.Store) ?? (key.IsFile ? files : throw Missing(key.Store));

    /// <summary>The store for a key that is to be used from now on.</summary>
    /// <exception cref="KeysException">The operator did not allow it.</exception>
    internal KeyStore Allowed(KeyAddress key) => All.FirstOrDefault(store => store.Name == key.Store) ?? throw Missing(key.Store);

    private static KeysException Missing(string store) =>
        new($"'{store}' is none of this server's key stores. Name it with --key-store and start the server again.") { Fault = KeysFault.Refused };

    private KeyStore Open(KeyStoreAddress address, string directory) => address switch
    {
        KeyStoreAddress.Token token => new TokenKeyStore(token, directory),
        KeyStoreAddress.Tpm chip => new TpmKeyStore(chip),
        _ => files,
    };
}
