using System.Security.Cryptography;

namespace Gatehouse.Contracts.Transparency;

/// <summary>A public key that signs notes: ECDSA, P-256 with SHA-256 (type 0x02 of C2SP signed-note).</summary>
/// <remarks>
/// Its form for people and other tools is <c>NAME+ID+BASE64</c>, where the bytes are 0x02 and the SubjectPublicKeyInfo, and the id is the beginning of the SHA-256 of the latter,
/// as github.com/transparency-dev has it. Signatures are DER.
/// </remarks>
public sealed record NoteKey
{
    private const byte EcdsaType = 2;

    private readonly byte[] publicKey;

    private NoteKey(string name, byte[] publicKey) => (Name, this.publicKey, Id) = (name, publicKey, Convert.ToHexStringLower(SHA256.HashData(publicKey).AsSpan(0, 4)));

    /// <summary>Without spaces and <c>+</c>; the origin of the log.</summary>
    public string Name { get; }

    /// <summary>Four bytes, hexadecimal.</summary>
    public string Id { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, hexadecimal in capitals.</summary>
    public string Fingerprint => Convert.ToHexString(SHA256.HashData(publicKey));

    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="publicKeyInfo">SubjectPublicKeyInfo.</param>
    public static NoteKey Of(string name, ReadOnlySpan<byte> publicKeyInfo) => new(name, publicKeyInfo.ToArray());

    /// <summary>Null when it is not of this form, or its id is not that of the key.</summary>
    public static NoteKey? Parse(string text)
    {
        var parts = text.Split('+', 3);
        var bytes = new byte[text.Length];
        if (parts.Length != 3 || parts[0].Length == 0 || !Convert.TryFromBase64String(parts[2], bytes, out var count) || count < 2 || bytes[0] != EcdsaType)
        {
            return null;
        }

        var key = new NoteKey(parts[0], bytes[1..count]);
        return key.Id == parts[1] ? key : null;
    }

    /// <summary>Whether the signature is of these bytes. False also of a key that is none.</summary>
    public bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKey, out _);
            return key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public bool Equals(NoteKey? other) => other is not null && ToString() == other.ToString();

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Name}+{Id}+{Convert.ToBase64String([EcdsaType, .. publicKey])}";
}
