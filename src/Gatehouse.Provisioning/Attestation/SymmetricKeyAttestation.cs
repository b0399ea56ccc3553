using Gatehouse.Contracts.Audit;
using Gatehouse.Identity;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Judges tokens: signed with a key of the individual enrollment, or with one that was derived from a group's key.</summary>
/// <remarks>A device does not name its group, so each group's keys are tried; their number is bounded. Disabled entries are tried too: the first that matches decides.</remarks>
internal sealed class SymmetricKeyAttestation(SecretVault vault, IdentityOptions options, TimeProvider time)
{
    internal AttestationVerdict Judge(DeviceProof proof, EnrollmentRow? individual, GroupSet groups)
    {
        if (!RegistrationToken.TryParse(proof.Token!, options, out var token, out var fault))
        {
            return new AttestationVerdict.Refused(RefusalReason.TokenMalformed, $"The SAS token cannot be read: {fault}.");
        }

        if (individual is null)
        {
            return JudgeGroups(proof, groups, token);
        }

        var verdict = JudgeIndividual(proof, individual, token);
        if (verdict is AttestationVerdict.Refused { DisabledBy: null })
        {
            // As much work as for an id without an enrollment of its own: how long an answer takes must not tell which ids have one.
            groups.WithKeys.ToList().ForEach(group => token.SignedByDerived(vault, group.Primary, group.Secondary, group.Binding, proof.RegistrationId));
        }

        return verdict;
    }

    private AttestationVerdict JudgeGroups(DeviceProof proof, GroupSet groups, RegistrationToken token)
    {
        foreach (var group in groups.WithKeys)
        {
            if (token.SignedByDerived(vault, group.Primary, group.Secondary, group.Binding, proof.RegistrationId) is { } key)
            {
                return JudgeToken(proof, group, token, key, group.Name);
            }
        }

        token.CheckDecoy(vault);
        return new AttestationVerdict.Refused(
            RefusalReason.TokenSignatureWrong,
            $"No individual enrollment is named '{proof.RegistrationId}', and the token is signed with a key derived from none of the {groups.WithKeys.Count} groups with symmetric keys. "
            + "A derived key is the HMAC-SHA-256 of the registration id, in the case that the device sends, under the group's key.");
    }

    private AttestationVerdict JudgeIndividual(DeviceProof proof, EnrollmentRow individual, RegistrationToken token)
    {
        if (individual.Type != AttestationType.SymmetricKey)
        {
            token.CheckDecoy(vault);
            return new AttestationVerdict.Refused(RefusalReason.CredentialKindMismatch, $"A SAS token was presented, but the enrollment attests by {AttestationViews.WordOf(individual.Type)}.");
        }

        return token.SignedBy(vault, individual.Primary, individual.Secondary, individual.Binding) is { } key
            ? JudgeToken(proof, individual, token, key, null)
            : new AttestationVerdict.Refused(RefusalReason.TokenSignatureWrong, $"The token is signed with neither the primary nor the secondary key of the individual enrollment '{individual.Name}'.");
    }

    private AttestationVerdict JudgeToken(DeviceProof proof, EnrollmentRow enrollment, RegistrationToken token, string key, string? group) =>
        TokenTerms.Check(proof, enrollment, token, options, time.GetUtcNow()) is { } refused ? refused
            : new AttestationVerdict.Accepted(enrollment, new Evidence { SymmetricKey = new AttestedKey(group), ProvedBy = ProvedBy.Of(enrollment, key == RegistrationToken.PrimaryKey) });
}
