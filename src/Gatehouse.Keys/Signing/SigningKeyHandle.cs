using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Keys.Signing;

/// <summary>A key that signs without showing itself: in a file, in an HSM or in a TPM. Made and found by a <see cref="KeyStore"/>; it wraps nothing. May be used by many threads at once.</summary>
public abstract class SigningKeyHandle : IDisposable
{
    private const int IdBytes = 16;
    private const string EllipticCurve = "1.2.840.10045.2.1";

    private readonly byte[] publicKey;

    /// <param name="publicKey">SubjectPublicKeyInfo.</param>
    /// <exception cref="CryptographicException">It is none of a kind that signs here.</exception>
    protected SigningKeyHandle(byte[] publicKey)
    {
        this.publicKey = publicKey;
        Id = Convert.ToHexStringLower(SHA256.HashData(publicKey).AsSpan(0, IdBytes));
        PublicKey = PublicKey.CreateFromSubjectPublicKeyInfo(publicKey, out _);
        IsElliptic = PublicKey.Oid.Value == EllipticCurve;
        Bits = BitsOf(PublicKey);
    }

    /// <summary>Stable id: the beginning of the SHA-256 of the public key. Tells a key from another of the same name.</summary>
    public string Id { get; }

    /// <summary><c>ec-p256</c>, <c>ec-p384</c> or <c>rsa-</c> and its bits.</summary>
    public string Type => IsElliptic ? $"ec-p{Bits}" : $"rsa-{Bits}";

    /// <summary>How it signs, for operators: <c>ECDSA P-256 in the token</c>.</summary>
    public string Mechanism => IsElliptic ? $"ECDSA P-{Bits} {Place}" : $"RSA-{Bits} {Place}";

    /// <summary>Its public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The same as SubjectPublicKeyInfo, RFC 5280 §4.1.</summary>
    public ReadOnlyMemory<byte> PublicKeyInfo => publicKey;

    /// <summary>The hash that goes with it.</summary>
    public HashAlgorithmName Hash => Bits == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    /// <summary>Where it is, as the end of <see cref="Mechanism"/>.</summary>
    protected abstract string Place { get; }

    private protected bool IsElliptic { get; }

    private int Bits { get; }

    /// <summary>Signs as X.509 has it: ECDSA as a sequence of two integers, RSA by PKCS #1 v1.5.</summary>
    /// <param name="data">Hashed here; only the hash goes to the key.</param>
    /// <param name="hash">SHA-256 or SHA-384; a TPM takes its own only.</param>
    /// <exception cref="KeysException">The key cannot be reached, or has become another.</exception>
    public byte[] Sign(ReadOnlySpan<byte> data, HashAlgorithmName hash)
    {
        var digest = hash == HashAlgorithmName.SHA256 ? SHA256.HashData(data)
            : hash == HashAlgorithmName.SHA384 ? SHA384.HashData(data)
            : throw new ArgumentOutOfRangeException(nameof(hash), hash, "SHA-256 or SHA-384.");
        var signature = SignHash(digest, hash);
        return IsElliptic ? ToSequence(signature) : signature;
    }

    /// <summary>For certificates, requests, revocation lists and OCSP answers.</summary>
    public X509SignatureGenerator CreateGenerator() => new StoredKeySignatureGenerator(this);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <returns>ECDSA as r and s of equal length, RSA by PKCS #1 v1.5.</returns>
    private protected abstract byte[] SignHash(byte[] digest, HashAlgorithmName hash);

    protected abstract void Dispose(bool disposing);

    // RFC 3279 §2.2.3.
    private static byte[] ToSequence(byte[] signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var half in new[] { signature[..(signature.Length / 2)], signature[(signature.Length / 2)..] })
            {
                var number = half.AsSpan().TrimStart((byte)0);
                writer.WriteIntegerUnsigned(number.IsEmpty ? [0] : number);
            }
        }

        return writer.Encode();
    }

    private static int BitsOf(PublicKey key)
    {
        using AsymmetricAlgorithm? read = key.Oid.Value == EllipticCurve ? key.GetECDsaPublicKey() : key.GetRSAPublicKey();
        return read?.KeySize ?? throw new CryptographicException("Neither an elliptic key nor one of RSA.");
    }
}
