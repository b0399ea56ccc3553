using Gatehouse.Identity.Tpm;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>A TPM that has signed with a nonce that only it could open.</summary>
/// <param name="EndorsementKey">The enrolled one.</param>
/// <param name="StorageRootKey">What its keys lie under.</param>
/// <param name="Nonce">Which nonce; good for one registration.</param>
internal sealed record ProvedTpm(TpmPublicArea EndorsementKey, TpmPublicArea StorageRootKey, NonceName Nonce);

/// <summary>Which nonce of an enrollment is meant.</summary>
/// <param name="Period">Number of the period of time in which it was given.</param>
/// <param name="After">Operation of the registration before it; empty for none. The next registration ends it, and so it is used once.</param>
internal readonly record struct NonceName(long Period, string After)
{
    public override string ToString() => $"{Period} {After}";
}
