using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys.Tests;

/// <summary>A keys directory of its own for each test.</summary>
internal sealed class KeysFolder : IDisposable
{
    private readonly string root = System.IO.Directory.CreateTempSubdirectory("gatehouse-keys-").FullName;

    internal string Directory => System.IO.Path.Combine(root, "keys");

    internal string Wrapping => System.IO.Path.Combine(Directory, "wrapping.key");

    internal string Data => System.IO.Path.Combine(Directory, "data-keys.json");

    internal string Path(string name) => System.IO.Path.Combine(Directory, name);

    internal SecretVault Open() => SecretVault.Open(Directory);

    /// <summary>A secret sealed by a vault that is closed again.</summary>
    internal SealedSecret Seal(string secret, string binding)
    {
        using var vault = Open();
        return vault.Seal(System.Text.Encoding.UTF8.GetBytes(secret), binding);
    }

    public void Dispose() => System.IO.Directory.Delete(root, recursive: true);
}
