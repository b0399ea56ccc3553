using System.Security.Cryptography;
using System.Text;
using Gatehouse.Keys.Signing;

namespace Gatehouse.Keys.Tpm;

/// <summary>Keys of the machine's own TPM 2.0. A wrapping key is a primary storage key (P-256), a signing key an unrestricted one for ECDSA (P-256), that the TPM derives from its owner seed and the key's name: nothing is stored in the TPM, and nothing can be taken out of it.</summary>
/// <remarks>
/// Any program that may use the TPM can do the same on this machine while it runs; a stolen disk opens nothing elsewhere. Clearing the TPM ends all its keys.
/// Template: TCG "TPM v2.0 Provisioning Guidance" §7.5 (storage primary), with SHA-256 of the name as unique value.
/// </remarks>
internal sealed class TpmKeyStore(KeyStoreAddress.Tpm address) : KeyStore
{
    private const int PointBytes = 32;
    private const int IdBytes = 16;

    public override string Name => KeyAddress.Tpm;

    public override KeyHandle? Find(string key) => new TpmKeyHandle(this, key, Use(key, static (_, _, id) => id));

    // It is derived: it is there as soon as it is named.
    public override KeyHandle Create(string key) => Find(key)!;

    public override SigningKeyHandle? FindSigning(string key) => new TpmSigningKeyHandle(this, key, UseSigning(key, static (_, _, area) => TpmSigningKeyHandle.PublicKeyOf(area)));

    public override SigningKeyHandle CreateSigning(string key, SigningKeyType type) => type == SigningKeyType.EcP256
        ? FindSigning(key)!
        : throw new KeysException("A TPM makes signing keys of type ec-p256 only.") { Fault = KeysFault.Refused };

    public override IReadOnlyList<StoredKey> List()
    {
        // Nothing can be listed, but whether it answers is told.
        Use(KeyAddress.FirstName, static (_, _, id) => id);
        return [];
    }

    /// <summary>Derives the key, runs one piece of work with its handle, its link and its id, and flushes it.</summary>
    /// <exception cref="KeysException">The TPM does not answer, or refuses.</exception>
    internal T Use<T>(string key, Func<TpmLink, uint, string, T> work) =>
        UsePrimary(Template(key), (link, handle, area) => work(link, handle, Convert.ToHexStringLower(SHA256.HashData(area).AsSpan(0, IdBytes))));

    /// <summary>The same with a signing key, and its public area.</summary>
    /// <exception cref="KeysException">The TPM does not answer, or refuses.</exception>
    internal T UseSigning<T>(string key, Func<TpmLink, uint, byte[], T> work) => UsePrimary(SigningTemplate(key), work);

    private T UsePrimary<T>(byte[] template, Func<TpmLink, uint, byte[], T> work)
    {
        using var link = TpmLink.Open(address);
        try
        {
            var (handle, area) = link.CreatePrimary(template);
            try
            {
                return work(link, handle, area);
            }
            finally
            {
                Flush(link, handle);
            }
        }
        catch (TpmRefusal error)
        {
            throw new KeysException($"{error.Message} {error.Hint}", error) { Fault = KeysFault.Unavailable };
        }
    }

    internal static void Flush(TpmLink link, uint handle)
    {
        try
        {
            link.Flush(handle);
        }
        catch (Exception error) when (error is TpmRefusal or KeysException)
        {
            // The link has gone, and the handle with it.
        }
    }

    // TPMT_PUBLIC: ECC, SHA-256; fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, decrypt; no policy; AES-128-CFB; P-256.
    private static byte[] Template(string key) => new TpmMessage()
        .UInt16(0x0023).UInt16(0x000B).UInt32(0x0003_0472).Sized([])
        .UInt16(0x0006).UInt16(128).UInt16(0x0043)
        .UInt16(0x0010).UInt16(0x0003).UInt16(0x0010)
        .Sized(SHA256.HashData(Encoding.ASCII.GetBytes("gatehouse\0" + key))).Sized(new byte[PointBytes])
        .ToArray();

    // The same but sign in place of restricted and decrypt; no symmetric cipher; ECDSA with SHA-256.
    private static byte[] SigningTemplate(string key) => new TpmMessage()
        .UInt16(0x0023).UInt16(0x000B).UInt32(0x0004_0472).Sized([])
        .UInt16(0x0010).UInt16(TpmLink.EcDsa).UInt16(TpmLink.Sha256)
        .UInt16(0x0003).UInt16(0x0010)
        .Sized(SHA256.HashData(Encoding.ASCII.GetBytes("gatehouse signing\0" + key))).Sized(new byte[PointBytes])
        .ToArray();
}
