using System.Net;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Finds the enrollment that decides about a device, and judges its proof: the individual one of its registration id, else the groups.</summary>
internal sealed class Attestor(Database database, KnownGroups known, SymmetricKeyAttestation keys, X509Attestation certificates, TpmAttestation tpms, RefusalBackoff backoff)
{
    internal async ValueTask<AttestationVerdict> JudgeAsync(DeviceProof proof, CancellationToken cancellationToken)
    {
        var identity = new IdentityKey(DeviceId.Parse(proof.RegistrationId));
        if (proof.RemoteAddress is { } address && backoff.IsBackedOff(address, identity))
        {
            return new AttestationVerdict.Refused(RefusalReason.BackedOff, $"'{proof.RegistrationId}' was refused too often from {address}; its proof was not looked at. See the refusals before this one.");
        }

        var verdict = await JudgeProofAsync(proof, cancellationToken);
        if (proof.RemoteAddress is { } remote)
        {
            switch (verdict)
            {
                case AttestationVerdict.Accepted:
                    backoff.Accepted(remote, identity);
                    break;
                case AttestationVerdict.Challenged:
                    backoff.Challenged(remote, identity);
                    break;
                case AttestationVerdict.Refused { Reason: not RefusalReason.Throttled }:
                    backoff.Refused(remote, identity);
                    break;
                default:
                    break;
            }
        }

        return verdict;
    }

    /// <summary>Who names no service of this server counts as refused, too.</summary>
    internal void CountStranger(IPAddress? address)
    {
        if (address is not null)
        {
            backoff.Refused(address, null);
        }
    }

    internal static AttestationVerdict.Refused Disabled(EnrollmentRow enrollment) =>
        new(RefusalReason.IdentityDisabled, $"The proof is good, but the {(enrollment.Key.Kind == EnrollmentKind.Group ? "enrollment group" : "individual enrollment")} '{enrollment.Name}' is disabled.") { DisabledBy = enrollment };

    private async ValueTask<AttestationVerdict> JudgeProofAsync(DeviceProof proof, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(proof.Token) && proof.Certificate is null && proof.Tpm is null)
        {
            // Whatever is enrolled: which ids are those of TPMs is not told.
            return !proof.HasBody ? new AttestationVerdict.Undecided(IsProved: false) : new AttestationVerdict.Refused(RefusalReason.CredentialMissing, "Neither a SAS token nor a client certificate nor the keys of a TPM were presented.");
        }

        var groups = await known.FindAsync(proof.Instance.Name, cancellationToken);
        var key = EnrollmentKey.Of(EnrollmentKind.Individual, proof.RegistrationId);
        var (individual, before) = await database.ReadAsync(
            async (connection, token) => (
                await EnrollmentRows.FindAsync(connection, proof.Instance.Name, key, token),
                proof.IsInTurn ? await RegistrationRows.FindAsync(connection, proof.Instance.Name, key.Id, token) : null),
            cancellationToken);
        if (individual is { Type: AttestationType.Tpm } && (proof.Tpm is not null || !string.IsNullOrEmpty(proof.Token)))
        {
            var judged = await tpms.JudgeAsync(proof, individual, groups, before, cancellationToken);
            return !proof.HasBody && proof.Tpm is null && proof.IsRegistering ? new AttestationVerdict.Undecided(judged is AttestationVerdict.Accepted) : With(judged, before);
        }

        return With(JudgeOthers(proof, individual, groups), before);
    }

    private static AttestationVerdict With(AttestationVerdict verdict, RegistrationRow? before) =>
        before is not null && verdict is AttestationVerdict.Accepted accepted ? accepted with { Before = before } : verdict;

    private AttestationVerdict JudgeOthers(DeviceProof proof, EnrollmentRow? individual, GroupSet groups) =>
        !string.IsNullOrEmpty(proof.Token) ? keys.Judge(proof, individual, groups)
            : proof.Certificate is not null ? certificates.Judge(proof, individual, groups)
            : new AttestationVerdict.Refused(
                RefusalReason.CredentialKindMismatch,
                individual is null
                    ? $"The keys of a TPM were presented, and no individual enrollment is named '{proof.RegistrationId}'."
                    : $"The keys of a TPM were presented, but the enrollment attests by {AttestationViews.WordOf(individual.Type)}.");
}
