using System.Security.Cryptography;
using Gatehouse.Keys.Signing;

namespace Gatehouse.Keys.Tpm;

/// <summary>A signing key that the TPM derives for each signature.</summary>
internal sealed class TpmSigningKeyHandle(TpmKeyStore store, string name, byte[] publicKey) : SigningKeyHandle(publicKey)
{
    private const int PointBytes = 32;

    protected override string Place => "in the TPM";

    /// <param name="area">TPMT_PUBLIC of an elliptic key.</param>
    /// <returns>SubjectPublicKeyInfo.</returns>
    internal static byte[] PublicKeyOf(byte[] area)
    {
        // Type, hash of the name, attributes; policy; cipher, scheme with its hash; curve, key derivation; the point.
        var reader = new TpmReader(area);
        reader.UInt32();
        reader.UInt32();
        reader.Sized();
        reader.UInt32();
        reader.UInt16();
        reader.UInt32();
        var point = new ECPoint { X = Fill(reader.Sized()), Y = Fill(reader.Sized()) };
        if (!reader.IsWhole || !reader.IsAtEnd)
        {
            throw new KeysException("The TPM's public key is cut short.") { Fault = KeysFault.Unavailable };
        }

        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        return key.ExportSubjectPublicKeyInfo();
    }

    private protected override byte[] SignHash(byte[] digest, HashAlgorithmName hash)
    {
        if (hash != HashAlgorithmName.SHA256)
        {
            throw new ArgumentOutOfRangeException(nameof(hash), hash, "Its key signs SHA-256 only.");
        }

        return store.UseSigning(name, (link, key, area) =>
        {
            if (!PublicKeyInfo.Span.SequenceEqual(PublicKeyOf(area)))
            {
                throw new KeysException($"The TPM's key '{name}' is another than before: this is another TPM, or it was cleared.") { Fault = KeysFault.Unavailable };
            }

            var (r, s) = link.Sign(key, digest);
            return (byte[])[.. Fill(r), .. Fill(s)];
        });
    }

    protected override void Dispose(bool disposing)
    {
    }

    private static byte[] Fill(ReadOnlySpan<byte> number)
    {
        var whole = new byte[PointBytes];
        number[Math.Max(0, number.Length - PointBytes)..].CopyTo(whole.AsSpan(Math.Max(0, PointBytes - number.Length)));
        return whole;
    }
}
