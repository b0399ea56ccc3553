namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>The <c>measuredBoot</c> of a challenge: what the TPM is to quote. Not of the service; decisions/0030.</summary>
/// <param name="Nonce">To be quoted along, base64 of 32 bytes.</param>
/// <param name="HashAlgorithm">Bank of the registers.</param>
/// <param name="Pcrs">Registers, from the lowest on.</param>
internal sealed record QuoteChallenge(string Nonce, string HashAlgorithm, IReadOnlyList<int> Pcrs)
{
    /// <summary>TPM2B_ID_OBJECT, base64: only the TPM that holds the attestation key beside the endorsement key opens it. Null when no attestation key was shown.</summary>
    public string? CredentialBlob { get; init; }

    /// <summary>TPM2B_ENCRYPTED_SECRET that goes with it.</summary>
    public string? EncryptedSecret { get; init; }
}
