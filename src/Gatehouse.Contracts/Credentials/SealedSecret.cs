namespace Gatehouse.Contracts.Credentials;

/// <summary>A secret encrypted under a data key and bound to the row that owns it, or what it is derived from. Only Gatehouse.Keys opens it.</summary>
/// <param name="blob">What is stored.</param>
/// <param name="derivation">The key that it is derived from; null for a secret that is stored itself.</param>
public sealed class SealedSecret(byte[] blob, DerivationKey? derivation = null)
{
    private const int NonceOffset = 5;
    private const int NonceBytes = 12;

    private string? mark;

    /// <summary>What is stored: version, key id, nonce, ciphertext, tag. Of a derived one: version, number of the derivation key, salt, slot.</summary>
    public ReadOnlyMemory<byte> Blob { get; } = blob;

    /// <summary>What a derived one comes from; null for a secret that is stored itself.</summary>
    public DerivationKey? Derivation { get; } = derivation;

    /// <summary>What Gatehouse.Keys has made of a derived one, sealed for this process: it is derived once for as long as this is kept in memory. Null before its first use, and where an HSM derives it each time.</summary>
    public SealedSecret? Working { get; set; }

    /// <summary>Names this sealing: its nonce, or the beginning of its salt, in hexadecimal, 24 digits in capitals. Nothing of the secret; the same secret sealed once more has another.</summary>
    /// <remarks>Read by SQL too: bytes 6 to 17 of the blob, after version and key id.</remarks>
    public string Mark => mark ??= Convert.ToHexString(Blob.Span.Slice(NonceOffset, NonceBytes));

    public override string ToString() => "***";
}
