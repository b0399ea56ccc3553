using Gatehouse.Contracts.Audit;
using Gatehouse.Identity;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>What a token with a good signature must be beside that: made for this registration, not late, of an enrollment that is not disabled.</summary>
internal static class TokenTerms
{
    /// <summary>Null when nothing is wrong.</summary>
    internal static AttestationVerdict.Refused? Check(DeviceProof proof, EnrollmentRow enrollment, RegistrationToken token, IdentityOptions options, DateTimeOffset now)
    {
        if (!token.IsFor(proof.Instance.IdScope, proof.RegistrationId))
        {
            return new AttestationVerdict.Refused(RefusalReason.TokenScopeWrong, $"The token is not made for '{proof.Instance.IdScope}/registrations/{proof.RegistrationId}'.");
        }

        if (token.SecondsLate(now, options) is { } late)
        {
            return new AttestationVerdict.Refused(RefusalReason.TokenExpired, $"The token ended at {token.ExpiresAt.UtcDateTime:u}, {late} s ago: renew it, or set the device's clock if it has just been made.");
        }

        return enrollment.IsDisabled != 0 ? Attestor.Disabled(enrollment) : null;
    }
}
