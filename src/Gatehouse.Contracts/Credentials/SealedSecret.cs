namespace Gatehouse.Contracts.Credentials;

/// <summary>A secret encrypted under a data key and bound to the row that owns it. Only Gatehouse.Keys opens it.</summary>
public sealed class SealedSecret(byte[] blob)
{
    private const int NonceOffset = 5;
    private const int NonceBytes = 12;

    private string? mark;

    /// <summary>What is stored: version, key id, nonce, ciphertext, tag.</summary>
    public ReadOnlyMemory<byte> Blob { get; } = blob;

    /// <summary>Names this sealing: its nonce in hexadecimal, 24 digits in capitals. Nothing of the secret; the same secret sealed once more has another.</summary>
    /// <remarks>Read by SQL too: bytes 6 to 17 of the blob, after version and key id.</remarks>
    public string Mark => mark ??= Convert.ToHexString(Blob.Span.Slice(NonceOffset, NonceBytes));

    public override string ToString() => "***";
}
