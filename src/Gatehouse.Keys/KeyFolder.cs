using System.Text;

namespace Gatehouse.Keys;

/// <summary>The keys directory: <c>data-keys.json</c>, key files, and <c>wrapping.location</c> where the wrapping key lies elsewhere, so that lost data keys are missed there too.</summary>
internal sealed class KeyFolder(string directory)
{
    private readonly string location = Path.Combine(directory, "wrapping.location");
    private readonly FileKeyStore files = new(directory);

    internal string DataPath { get; } = Path.Combine(directory, "data-keys.json");

    internal string PathOf(KeyAddress key) => files.PathOf(key.Name);

    /// <summary>Null where no keys have ever been.</summary>
    /// <exception cref="KeysException">There is a wrapping key, but what it wrapped is lost or damaged.</exception>
    internal DataKeyFile? Read()
    {
        if (KeyFiles.Read(DataPath) is { } stored)
        {
            KeyFiles.Discard(DataPath);
            return DataKeyFile.Parse(stored, DataPath);
        }

        var known = KeyFiles.Read(location) is not null ? location : files.Names().Select(files.PathOf).Concat(files.SigningNames().Select(files.SigningPathOf)).FirstOrDefault();
        return known is null ? null : Finish() ?? throw Missing(DataPath, known);
    }

    internal void Stage(DataKeyFile file) => KeyFiles.Stage(DataPath, file.ToBytes());

    internal void Rename() => KeyFiles.Rename(DataPath);

    /// <summary>The data keys that were staged by a first start; null when there are none.</summary>
    internal DataKeyFile? Finish() => KeyFiles.Finish(DataPath) is { } content ? DataKeyFile.Parse(content, DataPath) : null;

    /// <summary>Notes that there are keys, before they are relied on. A key file is such a note itself.</summary>
    internal void Mark(KeyAddress key)
    {
        if (!key.IsFile)
        {
            KeyFiles.Write(location, Encoding.UTF8.GetBytes($"{key}\n"));
        }
    }

    /// <summary>Removes what the new wrapping key leaves without use.</summary>
    /// <param name="old">The former key, if it is to go; in an HSM it stays: what is destroyed there cannot be brought back.</param>
    /// <param name="now">The new one.</param>
    internal void Forget(KeyAddress? old, KeyAddress now)
    {
        if (now.IsFile)
        {
            KeyFiles.Delete(location);
        }

        if (old is { IsFile: true })
        {
            files.Delete(old.Name);
        }
    }

    internal KeysException MissingKey(KeyAddress key) => key.IsFile
        ? Missing(PathOf(key), DataPath)
        : new KeysException($"The wrapping key '{key}' has vanished from its store, but '{DataPath}' needs it. Restore it there from the HSM's backup; a new one cannot open what is stored.") { Fault = KeysFault.Unavailable };

    private static KeysException Missing(string lost, string other) =>
        new($"'{lost}' is missing, but '{other}' is there. Restore it from its backup; a new one cannot open what is stored.") { Fault = KeysFault.Unavailable };
}
