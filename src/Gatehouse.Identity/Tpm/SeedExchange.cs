using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Tpm;

/// <summary>A fresh secret that only the TPM with a storage key can open. TPM 2.0 Library, part 1 §24 with annexes B.10 (RSA) and C.6 (elliptic curves).</summary>
internal static class SeedExchange
{
    internal const string Identity = "IDENTITY";
    internal const string Duplicate = "DUPLICATE";

    /// <returns>The seed, and the content of the TPM2B_ENCRYPTED_SECRET that carries it.</returns>
    internal static (byte[] Seed, byte[] Secret) Make(TpmPublicArea key, string label)
    {
        // The closing zero belongs to the label in both forms.
        var words = Encoding.ASCII.GetBytes(label + '\0');
        return key.Rsa is { } rsa ? ForRsa(key, rsa, words) : ForPoint(key, words);
    }

    private static (byte[] Seed, byte[] Secret) ForRsa(TpmPublicArea key, (BigInteger Modulus, BigInteger Exponent, int Bytes) rsa, byte[] label)
    {
        var seed = RandomNumberGenerator.GetBytes(key.DigestBytes);
        var padded = Pad(seed, label, key, rsa.Bytes);
        var secret = new byte[rsa.Bytes];
        var number = BigInteger.ModPow(new BigInteger(padded, isUnsigned: true, isBigEndian: true), rsa.Exponent, rsa.Modulus);
        number.TryWriteBytes(secret.AsSpan(rsa.Bytes - number.GetByteCount(isUnsigned: true)), out _, isUnsigned: true, isBigEndian: true);
        CryptographicOperations.ZeroMemory(padded);
        return (seed, secret);
    }

    // EME-OAEP of RFC 8017 §7.1.1; .NET's own has no label.
    private static byte[] Pad(byte[] message, byte[] label, TpmPublicArea key, int size)
    {
        var padded = new byte[size];
        var mask = padded.AsSpan(1, key.DigestBytes);
        var data = padded.AsSpan(1 + key.DigestBytes);
        CryptographicOperations.HashData(key.NameHash, label, data);
        data[^(message.Length + 1)] = 1;
        message.CopyTo(data[^message.Length..]);
        RandomNumberGenerator.Fill(mask);
        Mask(mask, data, key);
        Mask(data, mask, key);
        return padded;
    }

    // XORs with MGF1 of RFC 8017 §B.2.1.
    private static void Mask(ReadOnlySpan<byte> seed, Span<byte> target, TpmPublicArea key)
    {
        Span<byte> digest = stackalloc byte[key.DigestBytes];
        for (var (at, count) = (0, 0u); at < target.Length; at += digest.Length, count++)
        {
            CryptographicOperations.HashData(key.NameHash, new TpmWriter().Raw(seed).UInt32(count).Bytes, digest);
            var part = target[at..Math.Min(at + digest.Length, target.Length)];
            for (var i = 0; i < part.Length; i++)
            {
                part[i] ^= digest[i];
            }
        }
    }

    private static (byte[] Seed, byte[] Secret) ForPoint(TpmPublicArea key, byte[] label)
    {
        using var theirs = ECDiffieHellman.Create(key.Point);
        using var ours = ECDiffieHellman.Create(key.Point.Curve);
        var point = ours.ExportParameters(includePrivateParameters: false).Q;
        var shared = ours.DeriveRawSecretAgreement(theirs.PublicKey);

        // KDFe, part 1 §11.4.10.3; one round gives as many bits as the name algorithm has.
        var input = new TpmWriter().UInt32(1).Raw(shared).Raw(label).Raw(point.X).Raw(key.Point.Q.X);
        var seed = CryptographicOperations.HashData(key.NameHash, input.Bytes);
        input.Clear();
        CryptographicOperations.ZeroMemory(shared);
        return (seed, new TpmWriter().Sized(point.X).Sized(point.Y).Bytes.ToArray());
    }
}
