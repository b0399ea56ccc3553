using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Keys;

/// <summary>The data keys of a server on disk and what wraps them: opened once at the start, changed while it runs.</summary>
/// <remarks>
/// A change is one file written beside, synced and renamed: killed at any moment, either the old state or the new opens. Data keys stay in memory, so that
/// sealing and opening need no HSM; only changes and the next start do (decisions/0032). Stores are asked anew by each change.
/// </remarks>
public sealed class KeyCustody : IDisposable
{
    /// <summary>Data keys that a server can have; each rotation makes one.</summary>
    public const int MostDataKeys = 1_000;

    private readonly Lock turn = new();
    private readonly KeyFolder folder;
    private volatile KeyRing ring;

    private KeyCustody(KeyFolder folder, KeyStores stores, KeyRing ring, SecretsKey? secrets)
    {
        this.folder = folder;
        Stores = stores;
        this.ring = ring;
        Secrets = secrets;
    }

    public KeyStores Stores { get; }

    /// <summary>The key that wraps the data keys.</summary>
    public KeyAddress WrappingKey => ring.File.Address;

    /// <summary>Its id.</summary>
    public string WrappingKeyId => ring.File.WrappedBy;

    /// <summary>Whether secrets stay in an HSM and are used there: decided when a server starts for the first time, and so for good.</summary>
    public bool IsHsmOnly => Secrets is not null;

    /// <summary>Ids of the data keys, oldest first; the last one seals.</summary>
    public IReadOnlyList<int> DataKeys => [.. ring.File.Keys.Select(static entry => entry.Id)];

    /// <summary>The last change, while it may not yet be in the audit log; <see cref="MarkRecorded"/> says that it is.</summary>
    public AuditRecord? Unrecorded => ring.File.Unrecorded;

    /// <summary>Called before each step of a change with its name; throwing is being killed there. For tests.</summary>
    internal Action<string> Before { get; set; } = static _ => { };

    internal KeyRing Ring => ring;

    /// <summary>The key under which secrets stay in the HSM; null where the data keys alone seal them.</summary>
    internal SecretsKey? Secrets { get; }

    /// <exception cref="KeysException">A file or key is missing, damaged, foreign, out of reach or can be read by others; or the keys were made the other way.</exception>
    internal static KeyCustody Open(string directory, KeyStores stores, bool isHsmOnly)
    {
        KeyFiles.CreateDirectory(directory);
        var folder = new KeyFolder(directory);
        var stored = folder.Read();
        if (stored is { KeptAt: null } && isHsmOnly)
        {
            throw new KeysException($"The secrets of this server were sealed outside an HSM when '{folder.DataPath}' was made, and stay so. Start a new server with --hsm-only and move the devices there (export and import), or leave it out.") { Fault = KeysFault.Refused };
        }

        if ((isHsmOnly || stored?.KeptAt is not null) && stores.All.FirstOrDefault(static store => !store.KeepsSecrets) is { } other)
        {
            throw new KeysException($"A server whose secrets stay in an HSM may use no key store but HSMs, and '{other.Name}' is none. Name a token with --key-store pkcs11:… and nothing else.") { Fault = KeysFault.Refused };
        }

        var file = stored ?? Create(folder, stores, isHsmOnly);
        var address = file.Address;
        using var handle = Find(stores, address) ?? throw folder.MissingKey(address);
        return new KeyCustody(folder, stores, KeyRing.Unwrap(file, handle, folder.DataPath), OpenSecrets(folder, stores, file));
    }

    /// <summary>Makes a wrapping key in a store, without using it.</summary>
    /// <exception cref="KeysException">There is one of this name, the store is not among the server's, or cannot be reached.</exception>
    public StoredKey Create(KeyAddress key)
    {
        lock (turn)
        {
            using var handle = Stores.Allowed(key).Create(key.Name);
            return new StoredKey(key, handle.Id, handle.Mechanism, null);
        }
    }

    /// <summary>Makes a new data key: it seals from now on, the older ones still open what they sealed.</summary>
    /// <param name="change">Goes to the audit log.</param>
    /// <exception cref="KeysException">The wrapping key cannot be reached, or there are too many data keys; nothing was changed.</exception>
    public void Rotate(AuditRecord change)
    {
        lock (turn)
        {
            var file = Changeable();
            if (file.Keys.Count >= MostDataKeys)
            {
                throw new KeysException($"The server has {MostDataKeys} data keys already, the most it can have.") { Fault = KeysFault.Refused };
            }

            using var handle = Current(file);
            var bytes = RandomNumberGenerator.GetBytes(DataKey.Bytes);
            var key = new DataKey(bytes, KeyRing.TagBytes);
            CryptographicOperations.ZeroMemory(bytes);
            var id = file.Keys.Max(static entry => entry.Id) + 1;
            try
            {
                Before("wrap");
                Write(file with { Keys = [.. file.Keys, new DataKeyFile.Entry(id, key.WrapBy(handle))], Unrecorded = change }, ring.With(id, key));
            }
            catch when (!ring.Has(id))
            {
                key.Dispose();
                throw;
            }
        }
    }

    /// <summary>Wraps the data keys by another key from now on. The one that wraps them now is not asked: a lost HSM can be left while the server runs.</summary>
    /// <param name="key">The other key.</param>
    /// <param name="move">Makes the key where there is none, and removes the present one if it is a file. Else the key must be there, and nothing is removed.</param>
    /// <param name="change">Goes to the audit log.</param>
    /// <exception cref="KeysException">The other key is missing or cannot be used; nothing was changed.</exception>
    public void Rewrap(KeyAddress key, bool move, AuditRecord change)
    {
        lock (turn)
        {
            var (file, old) = (Changeable(), WrappingKey);
            if (key == old)
            {
                throw new KeysException($"'{key}' wraps the data keys already.") { Fault = KeysFault.Refused };
            }

            var store = Stores.Allowed(key);
            using var handle = store.Find(key.Name) ?? (move ? store.Create(key.Name) : throw new KeysException($"There is no key '{key}'; 'gatehouse key create' makes it.") { Fault = KeysFault.NotFound });
            Before("wrap");
            var wrapped = file.Keys.Select(entry => new DataKeyFile.Entry(entry.Id, ring.Find(entry.Id)!.WrapBy(handle))).ToList();
            Before("mark");
            folder.Mark(key);
            Write(file with { WrappedBy = handle.Id, Keys = wrapped, WrappedAt = key.ToString(), Unrecorded = change }, ring);
            Before("forget");
            folder.Forget(move ? old : null, key);
        }
    }

    /// <summary>The unused name for the wrapping key that follows the present one, in the same store: <c>wrapping-2</c> after <c>wrapping</c>.</summary>
    /// <exception cref="KeysException">The store cannot be reached.</exception>
    public KeyAddress NextWrappingKey()
    {
        var present = WrappingKey;
        var dash = present.Name.LastIndexOf('-');
        var number = 1;
        var stem = dash > 0 && int.TryParse(present.Name.AsSpan(dash + 1), System.Globalization.NumberStyles.None, null, out number) ? present.Name[..dash] : present.Name;
        number = stem == present.Name ? 1 : number;
        var taken = Stores.Allowed(present).List().Select(static key => key.Key.Name).ToHashSet(StringComparer.Ordinal);
        string name;
        do
        {
            name = string.Create(null, $"{stem[..Math.Min(stem.Length, 50)]}-{++number}");
        }
        while (taken.Contains(name));
        return present with { Name = name };
    }

    /// <summary>The audit log has the last change.</summary>
    public void MarkRecorded()
    {
        lock (turn)
        {
            if (ring.File.Unrecorded is not null)
            {
                Write(ring.File with { Unrecorded = null }, ring);
            }
        }
    }

    public void Dispose() => ring.Dispose();

    private static SecretsKey? OpenSecrets(KeyFolder folder, KeyStores stores, DataKeyFile file)
    {
        if (file.KeptAddress is not { } address)
        {
            return null;
        }

        var found = stores.Holding(address).FindSecrets(address.Name) ?? throw folder.MissingKey(address);
        return found.Id == file.KeptBy ? found
            : throw new KeysException($"The stored secrets need the key {file.KeptBy}, but '{address}' is {found.Id}. Give it its own key back, from the backup of the HSM.");
    }

    private static DataKeyFile Create(KeyFolder folder, KeyStores stores, bool isHsmOnly)
    {
        var first = RandomNumberGenerator.GetBytes(DataKey.Bytes);
        try
        {
            var address = new KeyAddress(stores.All[0].Name, KeyAddress.FirstName);
            if (address.IsFile)
            {
                using var made = SoftwareKeyHandle.Create(folder.PathOf(address), handle => folder.Stage(new DataKeyFile(handle.Id, [new DataKeyFile.Entry(1, handle.Wrap(first))])));
            }
            else
            {
                // What an HSM has already is taken: an earlier start may have been cut short.
                using var handle = stores.All[0].Find(address.Name) ?? stores.All[0].Create(address.Name);
                var keptAt = isHsmOnly ? address with { Name = KeyAddress.SecretsName } : null;
                var secrets = keptAt is null ? null : stores.All[0].FindSecrets(keptAt.Name) ?? stores.All[0].CreateSecrets(keptAt.Name);
                folder.Stage(new DataKeyFile(handle.Id, [new DataKeyFile.Entry(1, handle.Wrap(first))], address.ToString(), KeptBy: secrets?.Id, KeptAt: keptAt?.ToString()));
                folder.Mark(address);
            }

            return folder.Finish() ?? throw new KeysException($"'{folder.DataPath}' vanished while it was made.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(first);
        }
    }

    private static KeyHandle? Find(KeyStores stores, KeyAddress address) => stores.Holding(address).Find(address.Name);

    private DataKeyFile Changeable() => ring.File.Unrecorded is null ? ring.File
        : throw new KeysException("The last change of the keys is not in the audit log yet; try again.") { Fault = KeysFault.Unavailable };

    private KeyHandle Current(DataKeyFile file)
    {
        var handle = Find(Stores, file.Address) ?? throw folder.MissingKey(file.Address);
        if (handle.Id == file.WrappedBy)
        {
            return handle;
        }

        handle.Dispose();
        throw KeyRing.OtherKey(file, handle.Id, folder.DataPath);
    }

    private void Write(DataKeyFile file, KeyRing next)
    {
        Before("stage");
        folder.Stage(file);
        Before("rename");
        folder.Rename();
        ring = next with { File = file };
        Before("done");
    }
}
