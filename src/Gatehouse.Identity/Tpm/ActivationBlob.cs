using System.Security.Cryptography;
using static Gatehouse.Identity.Tpm.TpmAlgorithms;

namespace Gatehouse.Identity.Tpm;

/// <summary>
/// A symmetric key for one TPM: only the TPM that holds both the endorsement key and the storage root key can take it, and it comes out of that TPM no more.
/// Six TPM2B structures, as the device SDKs' TPM clients read them: TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET (to the endorsement key), TPM2B_PRIVATE, TPM2B_ENCRYPTED_SECRET
/// (to the storage root key), TPM2B_PUBLIC of the key, TPM2B_DATA (unused).
/// </summary>
public static class ActivationBlob
{
    /// <summary>Longest key, bytes: a block of SHA-256; TPMs refuse more.</summary>
    public const int MaxKeyBytes = 64;

    private const int InnerKeyBytes = 16; // the SDKs import with AES-128, whatever the storage root key uses
    private const int DigestBytes = 32;

    /// <param name="endorsementKey">Opens the first half.</param>
    /// <param name="storageRootKey">Becomes the parent of the key.</param>
    /// <param name="key">1–64 bytes, for HMAC-SHA256.</param>
    /// <exception cref="ArgumentException">The key has no or too many bytes.</exception>
    public static byte[] Make(TpmPublicArea endorsementKey, TpmPublicArea storageRootKey, ReadOnlySpan<byte> key)
    {
        if (key.Length is 0 or > MaxKeyBytes)
        {
            throw new ArgumentException($"A key for a TPM has 1 to {MaxKeyBytes} bytes, not {key.Length}.", nameof(key));
        }

        var obfuscation = RandomNumberGenerator.GetBytes(DigestBytes);
        var (area, name) = PublicArea(obfuscation, key);
        var innerKey = RandomNumberGenerator.GetBytes(InnerKeyBytes);
        var inner = InnerWrapper(innerKey, obfuscation, key, name);
        var duplicate = TpmProtection.Wrap(storageRootKey, SeedExchange.Duplicate, name, inner);

        // The inner key is worth something only beside the storage root key whose name it is bound to.
        var sized = new TpmWriter().Sized(innerKey);
        var credential = TpmProtection.Wrap(endorsementKey, SeedExchange.Identity, storageRootKey.Name.Span, sized.Bytes);
        sized.Clear();
        CryptographicOperations.ZeroMemory(innerKey);
        CryptographicOperations.ZeroMemory(obfuscation);
        return new TpmWriter().Sized(credential.Wrapped).Sized(credential.Secret).Sized(duplicate.Wrapped).Sized(duplicate.Secret).Sized(area).Sized([]).Bytes.ToArray();
    }

    // No policy: nobody can duplicate the key out of the TPM again.
    internal static (byte[] Area, byte[] Name) PublicArea(ReadOnlySpan<byte> obfuscation, ReadOnlySpan<byte> key)
    {
        Span<byte> unique = stackalloc byte[DigestBytes];
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            hash.AppendData(obfuscation);
            hash.AppendData(key);
            hash.GetHashAndReset(unique);
        }

        var area = new TpmWriter().UInt16(KeyedHash).UInt16(Sha256).UInt32(Sign | UserWithAuth | NoDictionaryAttack).Sized([]).UInt16(Hmac).UInt16(Sha256).Sized(unique).Bytes.ToArray();
        return (area, new TpmWriter().UInt16(Sha256).Raw(SHA256.HashData(area)).Bytes.ToArray());
    }

    private static byte[] InnerWrapper(byte[] innerKey, ReadOnlySpan<byte> obfuscation, ReadOnlySpan<byte> key, ReadOnlySpan<byte> name)
    {
        var content = new TpmWriter().UInt16(KeyedHash).Sized([]).Sized(obfuscation).Sized(key);
        var sensitive = new TpmWriter().Sized(content.Bytes);
        var named = new TpmWriter().Raw(sensitive.Bytes).Raw(name);
        var plain = new TpmWriter().Sized(SHA256.HashData(named.Bytes)).Raw(sensitive.Bytes);
        var wrapped = TpmProtection.Encrypt(innerKey, plain.Bytes);
        content.Clear();
        sensitive.Clear();
        named.Clear();
        plain.Clear();
        return wrapped;
    }
}
