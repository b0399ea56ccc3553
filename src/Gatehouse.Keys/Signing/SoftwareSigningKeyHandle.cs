using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys.Signing;

/// <summary>A signing key in a file of the keys directory: PKCS #8, sealed by a data key. In the server's memory while it is open.</summary>
internal sealed class SoftwareSigningKeyHandle : SigningKeyHandle
{
    private const byte Elliptic = 1;
    private const byte Rsa = 2;

    // A key object of the platform is for one thread at a time.
    private readonly Lock turn = new();
    private readonly AsymmetricAlgorithm key;

    private SoftwareSigningKeyHandle(AsymmetricAlgorithm key)
        : base(key.ExportSubjectPublicKeyInfo()) => this.key = key;

    protected override string Place => "in a sealed file";

    /// <param name="path">Where it will lie.</param>
    /// <param name="type">What it will be.</param>
    /// <param name="vault">Seals it.</param>
    /// <param name="binding">Opens it again.</param>
    internal static SoftwareSigningKeyHandle Create(string path, SigningKeyType type, SecretVault vault, string binding)
    {
        AsymmetricAlgorithm made = type == SigningKeyType.Rsa3072 ? RSA.Create(3072) : ECDsa.Create(type == SigningKeyType.EcP384 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        var inner = made.ExportPkcs8PrivateKey();
        byte[] clear = [made is RSA ? Rsa : Elliptic, .. inner];
        try
        {
            KeyFiles.Write(path, vault.Seal(clear, binding).Blob.Span);
            return new SoftwareSigningKeyHandle(made);
        }
        catch
        {
            made.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(inner);
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="KeysException">The file is damaged, foreign, or can be read by others.</exception>
    internal static SoftwareSigningKeyHandle? Open(string path, SecretVault vault, string binding)
    {
        if (KeyFiles.Read(path) is not { } content)
        {
            return null;
        }

        byte[] clear;
        try
        {
            clear = content.Length == 0 ? throw new KeysException("empty") : vault.Reveal(new SealedSecret(content), binding);
        }
        catch (KeysException error)
        {
            throw new KeysException($"'{path}' does not open: it was altered or renamed, or belongs to other data keys. Restore the keys directory from one backup as a whole.", error);
        }

        try
        {
            return new SoftwareSigningKeyHandle(Import(clear));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private protected override byte[] SignHash(byte[] digest, HashAlgorithmName hash)
    {
        lock (turn)
        {
            return key is RSA rsa ? rsa.SignHash(digest, hash, RSASignaturePadding.Pkcs1) : ((ECDsa)key).SignHash(digest);
        }
    }

    protected override void Dispose(bool disposing) => key.Dispose();

    private static AsymmetricAlgorithm Import(byte[] clear)
    {
        AsymmetricAlgorithm key = clear[0] == Rsa ? RSA.Create() : ECDsa.Create();
        key.ImportPkcs8PrivateKey(clear.AsSpan(1), out _);
        return key;
    }
}
