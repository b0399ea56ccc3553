using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Bench.Registrations;

/// <summary>What a TPM computes to open a challenge, without the TPM: ActivateCredential and Import with keys that it owns. TPM 2.0 Library, part 1 §22–24.</summary>
internal sealed class SoftTpm
{
    private const int DigestBytes = 32;
    private const int AesBytes = 16;

    private readonly LabelledOaep endorsement;
    private readonly LabelledOaep storage;
    private readonly byte[] storageName;

    private SoftTpm(RSA endorsementKey, RSA storageRootKey)
    {
        (endorsement, storage) = (new LabelledOaep(endorsementKey), new LabelledOaep(storageRootKey));
        EndorsementKey = Convert.ToBase64String(PublicArea(endorsementKey, 0x000300B2, SHA256.HashData("PolicySecret of the endorsement hierarchy"u8)));
        var area = PublicArea(storageRootKey, 0x00030472, []);
        StorageRootKey = Convert.ToBase64String(area);
        storageName = [0, 0x0B, .. SHA256.HashData(area.AsSpan(2))];
    }

    /// <summary>TPM2B_PUBLIC, base64.</summary>
    internal string EndorsementKey { get; }

    internal string StorageRootKey { get; }

    internal static SoftTpm Make()
    {
        using var endorsementKey = RSA.Create(2048);
        using var storageRootKey = RSA.Create(2048);
        return new SoftTpm(endorsementKey, storageRootKey);
    }

    /// <summary>The key that a blob of the service holds. CryptographicException for one that a TPM would refuse.</summary>
    internal byte[] Open(byte[] blob)
    {
        var parts = Split(blob);
        var inner = Split(Unwrap(endorsement, "IDENTITY", parts[1], storageName, parts[0]))[0];
        byte[] name = [0, 0x0B, .. SHA256.HashData(parts[4])];
        var content = Cfb(inner, Unwrap(storage, "DUPLICATE", parts[3], name, parts[2]));
        var sensitive = Split(Split(content)[1].AsSpan(2)); // behind its digest and its type: no authorization, the obfuscation, the key
        return sensitive[2];
    }

    private static byte[] Unwrap(LabelledOaep key, string label, byte[] secret, byte[] name, byte[] wrapped)
    {
        var seed = key.Decrypt(secret, label);
        var (mac, encrypted) = (wrapped[2..(2 + DigestBytes)], wrapped[(2 + DigestBytes)..]);
        if (!HMACSHA256.HashData(Derive(seed, "INTEGRITY", [], DigestBytes), (byte[])[.. encrypted, .. name]).SequenceEqual(mac))
        {
            throw new CryptographicException("TPM_RC_INTEGRITY");
        }

        return Cfb(Derive(seed, "STORAGE", name, AesBytes), encrypted);
    }

    private static byte[] Derive(byte[] seed, string label, byte[] context, int bytes) =>
        SP800108HmacCounterKdf.DeriveBytes(seed, HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(label), context, bytes);

    private static byte[] Cfb(byte[] key, byte[] encrypted)
    {
        var blocks = new byte[(encrypted.Length + AesBytes - 1) / AesBytes * AesBytes];
        encrypted.CopyTo(blocks, 0);
        using var aes = Aes.Create();
        aes.Key = key;
        return aes.DecryptCfb(blocks, new byte[AesBytes], PaddingMode.None, AesBytes * 8)[..encrypted.Length];
    }

    private static List<byte[]> Split(ReadOnlySpan<byte> sized)
    {
        var parts = new List<byte[]>();
        for (var rest = sized; rest.Length >= 2; rest = rest[(2 + parts[^1].Length)..])
        {
            parts.Add(rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest)).ToArray());
        }

        return parts;
    }

    // RSA 2048 with SHA-256 names, AES-128 in CFB mode, no scheme, the default exponent.
    private static byte[] PublicArea(RSA key, uint attributes, byte[] policy)
    {
        var flags = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(flags, attributes);
        byte[] area = [0, 1, 0, 0x0B, .. flags, 0, (byte)policy.Length, .. policy, 0, 6, 0, 128, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0, .. key.ExportParameters(false).Modulus!];
        return [(byte)(area.Length >> 8), (byte)area.Length, .. area];
    }
}
