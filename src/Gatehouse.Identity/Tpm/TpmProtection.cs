using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Tpm;

/// <summary>Encrypts for a storage key and lets its TPM see any change. TPM 2.0 Library, part 1 §22–24.</summary>
internal static class TpmProtection
{
    private const int AesBlock = 16;

    /// <summary>The two parts that an outer wrapper has: TPM2B_DIGEST with the encrypted bytes, and the content of the TPM2B_ENCRYPTED_SECRET.</summary>
    /// <param name="key">Whose TPM opens it.</param>
    /// <param name="label">What the secret is for.</param>
    /// <param name="name">Name of the object that it belongs to.</param>
    /// <param name="plain">What is protected.</param>
    internal static (byte[] Wrapped, byte[] Secret) Wrap(TpmPublicArea key, string label, ReadOnlySpan<byte> name, ReadOnlySpan<byte> plain)
    {
        var (seed, secret) = SeedExchange.Make(key, label);
        var cipherKey = Derive(key, seed, "STORAGE", name, key.AesBytes);
        var integrityKey = Derive(key, seed, "INTEGRITY", [], key.DigestBytes);
        var encrypted = Encrypt(cipherKey, plain);
        var mac = CryptographicOperations.HmacData(key.NameHash, integrityKey, new TpmWriter().Raw(encrypted).Raw(name).Bytes);
        CryptographicOperations.ZeroMemory(seed);
        CryptographicOperations.ZeroMemory(cipherKey);
        CryptographicOperations.ZeroMemory(integrityKey);
        return (new TpmWriter().Sized(mac).Raw(encrypted).Bytes.ToArray(), secret);
    }

    /// <summary>AES in CFB mode with an IV of zeros, as long as the input. Every key is used once.</summary>
    internal static byte[] Encrypt(byte[] key, ReadOnlySpan<byte> plain)
    {
        // CFB is a stream: .NET wants whole blocks, so the last one is filled and cut again.
        var blocks = new byte[(plain.Length + AesBlock - 1) / AesBlock * AesBlock];
        plain.CopyTo(blocks);
        using var aes = Aes.Create();
        aes.Key = key;
        var encrypted = aes.EncryptCfb(blocks, new byte[AesBlock], PaddingMode.None, AesBlock * 8);
        CryptographicOperations.ZeroMemory(blocks);
        return encrypted[..plain.Length];
    }

    // KDFa, part 1 §11.4.10.2: SP 800-108 in counter mode with HMAC.
    internal static byte[] Derive(TpmPublicArea key, byte[] seed, string label, ReadOnlySpan<byte> context, int bytes)
    {
        var derived = new byte[bytes];
        SP800108HmacCounterKdf.DeriveBytes(seed, key.NameHash, Encoding.ASCII.GetBytes(label), context, derived);
        return derived;
    }
}
