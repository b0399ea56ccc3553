using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>The data keys in memory, and the file that they came from. Never changed: a change makes another.</summary>
internal sealed record KeyRing(DataKeyFile File, IReadOnlyDictionary<int, DataKey> Keys) : IDisposable
{
    internal const int TagBytes = 16;

    internal int Current => File.Keys[^1].Id;

    internal static KeyRing Unwrap(DataKeyFile file, KeyHandle handle, string path)
    {
        if (file.WrappedBy != handle.Id)
        {
            throw OtherKey(file, handle.Id, path);
        }

        var keys = new Dictionary<int, DataKey>();
        foreach (var entry in file.Keys)
        {
            var key = handle.Unwrap(entry.Wrapped);
            keys[entry.Id] = key.Length == DataKey.Bytes ? new DataKey(key, TagBytes) : throw new KeysException($"Data key {entry.Id} in '{path}' has a wrong length.");
            CryptographicOperations.ZeroMemory(key);
        }

        return new KeyRing(file, keys);
    }

    internal static KeysException OtherKey(DataKeyFile file, string id, string path) =>
        new($"'{path}' was wrapped by key {file.WrappedBy}, but the wrapping key here is {id}. " + file.Address.Store switch
        {
            KeyAddress.Files => "Restore the keys directory from one backup as a whole.",
            KeyAddress.Tpm => "This is another TPM, or it was cleared. Restore the keys directory from a backup that a file or an HSM wraps.",
            _ => $"Give '{file.Address}' its own key back, from the backup of the HSM.",
        });

    internal bool Has(int id) => Keys.ContainsKey(id);

    internal DataKey? Find(int id) => Keys.GetValueOrDefault(id);

    internal KeyRing With(int id, DataKey key) => this with { Keys = new Dictionary<int, DataKey>(Keys) { [id] = key } };

    public void Dispose()
    {
        foreach (var key in Keys.Values)
        {
            key.Dispose();
        }
    }

    public override string ToString() => "***";
}
