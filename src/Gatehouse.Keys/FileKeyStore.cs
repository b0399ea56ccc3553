namespace Gatehouse.Keys;

/// <summary>Wrapping keys as files of the keys directory: <c>wrapping.key</c>, and <c>NAME.wrapping-key</c> of another name. Whoever reads the directory has them.</summary>
/// <remarks>Other keys lie there too (<c>ca.key</c>, of the private root); they are none of these.</remarks>
internal sealed class FileKeyStore(string directory) : KeyStore
{
    private const string FirstFile = KeyAddress.FirstName + ".key";
    private const string Extension = ".wrapping-key";

    public override string Name => KeyAddress.Files;

    public override KeyHandle? Find(string key) => SoftwareKeyHandle.Open(PathOf(key));

    public override KeyHandle Create(string key)
    {
        var path = PathOf(key);
        return File.Exists(path) ? throw new KeysException($"There is a key 'file:{key}' already.") { Fault = KeysFault.Exists } : SoftwareKeyHandle.Create(path, static _ => { });
    }

    public override IReadOnlyList<StoredKey> List() => [.. Names().Select(Describe)];

    internal string PathOf(string key) => Path.Combine(directory, key == KeyAddress.FirstName ? FirstFile : key + Extension);

    internal IEnumerable<string> Names() => Directory.GetFiles(directory)
        .Select(static path => Path.GetFileName(path))
        .Where(static file => file == FirstFile || (file.EndsWith(Extension, StringComparison.Ordinal) && file != KeyAddress.FirstName + Extension))
        .Select(static file => Path.GetFileNameWithoutExtension(file))
        .Where(KeyAddress.IsName)
        .Order(StringComparer.Ordinal);

    internal void Delete(string key) => KeyFiles.Delete(PathOf(key));

    private StoredKey Describe(string key)
    {
        var address = new KeyAddress(Name, key);
        try
        {
            using var handle = Find(key);
            return new StoredKey(address, handle?.Id, handle?.Mechanism, handle is null ? "It has just vanished." : null);
        }
        catch (KeysException error)
        {
            return new StoredKey(address, null, null, error.Message);
        }
    }
}
