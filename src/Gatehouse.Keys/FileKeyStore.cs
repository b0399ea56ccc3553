using Gatehouse.Keys.Signing;

namespace Gatehouse.Keys;

/// <summary>Keys as files of the keys directory. Wrapping keys: <c>wrapping.key</c>, and <c>NAME.wrapping-key</c> of another name; whoever reads the directory has them. Signing keys: <c>NAME.signing-key</c>, sealed by a data key.</summary>
/// <remarks>Other keys lie there too (<c>ca.key</c>, of the private root); they are none of these.</remarks>
internal sealed class FileKeyStore(string directory) : KeyStore
{
    private const string FirstFile = KeyAddress.FirstName + ".key";
    private const string Extension = ".wrapping-key";
    private const string SigningExtension = ".signing-key";

    public override string Name => KeyAddress.Files;

    /// <summary>Seals signing keys; null until the data keys are open.</summary>
    internal SecretVault? Vault { get; set; }

    public override KeyHandle? Find(string key) => SoftwareKeyHandle.Open(PathOf(key)) ?? (File.Exists(SigningPathOf(key)) ? throw OtherUse(key, "signs, and wraps nothing") : null);

    public override KeyHandle Create(string key) => SoftwareKeyHandle.Create(Free(key, PathOf(key)), static _ => { });

    public override SigningKeyHandle? FindSigning(string key) =>
        SoftwareSigningKeyHandle.Open(SigningPathOf(key), Sealing, BindingOf(key)) ?? (File.Exists(PathOf(key)) ? throw OtherUse(key, "wraps, and signs nothing") : null);

    public override SigningKeyHandle CreateSigning(string key, SigningKeyType type) => SoftwareSigningKeyHandle.Create(Free(key, SigningPathOf(key)), type, Sealing, BindingOf(key));

    public override IReadOnlyList<StoredKey> List() => [.. Names().Select(DescribeWrapping), .. SigningNames().Select(DescribeSigning)];

    internal string PathOf(string key) => Path.Combine(directory, key == KeyAddress.FirstName ? FirstFile : key + Extension);

    internal string SigningPathOf(string key) => Path.Combine(directory, key + SigningExtension);

    internal IEnumerable<string> Names() => Directory.GetFiles(directory)
        .Select(static path => Path.GetFileName(path))
        .Where(static file => file == FirstFile || (file.EndsWith(Extension, StringComparison.Ordinal) && file != KeyAddress.FirstName + Extension))
        .Select(static file => Path.GetFileNameWithoutExtension(file))
        .Where(KeyAddress.IsName)
        .Order(StringComparer.Ordinal);

    internal IEnumerable<string> SigningNames() => Directory.GetFiles(directory, "*" + SigningExtension)
        .Select(static path => Path.GetFileNameWithoutExtension(path))
        .Where(KeyAddress.IsName)
        .Order(StringComparer.Ordinal);

    internal void Delete(string key) => KeyFiles.Delete(PathOf(key));

    private SecretVault Sealing => Vault ?? throw new KeysException("Signing keys in files open only after the data keys.") { Fault = KeysFault.Unavailable };

    private static string BindingOf(string key) => $"keys/file/{key}/signing";

    private string Free(string key, string path) => File.Exists(PathOf(key)) || File.Exists(SigningPathOf(key))
        ? throw new KeysException($"There is a key 'file:{key}' already.") { Fault = KeysFault.Exists }
        : path;

    private static KeysException OtherUse(string key, string use) => new($"The key 'file:{key}' {use}.") { Fault = KeysFault.Refused };

    private StoredKey DescribeWrapping(string key) => Describe(key, KeyUse.Wrapping, () =>
    {
        using var handle = Find(key);
        return (handle?.Id, handle?.Mechanism);
    });

    private StoredKey DescribeSigning(string key) => Describe(key, KeyUse.Signing, () =>
    {
        using var handle = FindSigning(key);
        return (handle?.Id, handle?.Mechanism);
    });

    private StoredKey Describe(string key, KeyUse use, Func<(string? Id, string? Mechanism)> look)
    {
        var address = new KeyAddress(Name, key);
        try
        {
            var (id, mechanism) = look();
            return new StoredKey(address, id, mechanism, id is null ? "It has just vanished." : null) { Use = use };
        }
        catch (KeysException error)
        {
            return new StoredKey(address, null, null, error.Message) { Use = use };
        }
    }
}
