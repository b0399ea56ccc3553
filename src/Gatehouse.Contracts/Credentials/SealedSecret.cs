namespace Gatehouse.Contracts.Credentials;

/// <summary>A secret encrypted under a data key and bound to the row that owns it. Only Gatehouse.Keys opens it.</summary>
public sealed class SealedSecret(byte[] blob)
{
    /// <summary>What is stored: version, key id, nonce, ciphertext, tag.</summary>
    public ReadOnlyMemory<byte> Blob { get; } = blob;

    public override string ToString() => "***";
}
