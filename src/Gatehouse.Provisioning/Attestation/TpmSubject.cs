using Gatehouse.Identity.Tpm;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Which TPM is judged.</summary>
/// <param name="Proof">What was shown.</param>
/// <param name="Enrollment">The individual one of the registration id.</param>
/// <param name="EndorsementKey">The enrolled one.</param>
/// <param name="Before">Its registration; null at first.</param>
internal sealed record TpmSubject(DeviceProof Proof, EnrollmentRow Enrollment, TpmPublicArea EndorsementKey, RegistrationRow? Before)
{
    /// <summary>Null: its boot is not measured.</summary>
    internal MeasuredBootPolicy? Policy => Enrollment.ReadProof().MeasuredBoot;

    /// <summary>What a nonce comes after, and the next of which ends it: a registration, and where the boot is measured any quote that was judged, or request for one.</summary>
    internal string After => Policy is null ? Before?.OperationId ?? "" : $"{Before?.OperationId}/{Before?.BootRound}";
}
