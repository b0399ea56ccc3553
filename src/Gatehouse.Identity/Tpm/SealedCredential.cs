namespace Gatehouse.Identity.Tpm;

/// <summary>
/// A secret that a TPM gives out only while it holds both the endorsement key and the object of a name: TPM2_MakeCredential, without a TPM. Part 1 §24 of the TPM 2.0 Library.
/// Who returns the secret has shown that the named object lives in the TPM of the endorsement key.
/// </summary>
/// <param name="Blob">TPM2B_ID_OBJECT.</param>
/// <param name="Seed">TPM2B_ENCRYPTED_SECRET, from which the keys over the blob are derived.</param>
public sealed record SealedCredential(ReadOnlyMemory<byte> Blob, ReadOnlyMemory<byte> Seed)
{
    /// <summary>Longest secret, bytes: a digest of the weakest name algorithm that is taken.</summary>
    public const int MaxBytes = 32;

    /// <param name="endorsementKey">Whose TPM opens it.</param>
    /// <param name="name">Name of the object that it must hold.</param>
    /// <param name="secret">1–32 bytes.</param>
    /// <exception cref="ArgumentException">The secret has no or too many bytes.</exception>
    public static SealedCredential Make(TpmPublicArea endorsementKey, ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret)
    {
        ArgumentNullException.ThrowIfNull(endorsementKey);
        if (secret.Length is 0 or > MaxBytes)
        {
            throw new ArgumentException($"A credential has 1 to {MaxBytes} bytes, not {secret.Length}.", nameof(secret));
        }

        var sized = new TpmWriter().Sized(secret);
        var (wrapped, seed) = TpmProtection.Wrap(endorsementKey, SeedExchange.Identity, name, sized.Bytes);
        sized.Clear();
        return new SealedCredential(new TpmWriter().Sized(wrapped).Bytes.ToArray(), new TpmWriter().Sized(seed).Bytes.ToArray());
    }
}
