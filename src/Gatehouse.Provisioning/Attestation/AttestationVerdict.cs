using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Outcome of judging a device's proof.</summary>
internal abstract record AttestationVerdict
{
    private AttestationVerdict()
    {
    }

    /// <param name="Enrollment">The entry that decides.</param>
    /// <param name="Evidence">What was proved, for the record.</param>
    /// <param name="Thumbprint">SHA-256 of the device's certificate; null when it proved a key.</param>
    internal sealed record Accepted(EnrollmentRow Enrollment, Evidence Evidence, string? Thumbprint = null) : AttestationVerdict
    {
        /// <summary>Its record when it was judged in its turn; null when there is none, and before its turn.</summary>
        internal RegistrationRow? Before { get; init; }

        /// <summary>What its TPM proved to be; null for other proofs.</summary>
        internal ProvedTpm? Tpm { get; init; }

        /// <summary>The key that its TPM gets for the hub; made when its turn to be registered has come.</summary>
        internal TpmCredential? Credential { get; init; }

        /// <summary>The certificate that it is issued, if it asked for one; made then, too. It takes the place of every other credential.</summary>
        internal IssuedCertificate? Certificate { get; init; }

        /// <summary>What it has booted; null where that is not measured.</summary>
        internal ProvedBoot? Boot { get; init; }
    }

    /// <summary>It shall show that it holds the TPM that it names.</summary>
    /// <param name="Blob">A key that only this TPM can open.</param>
    internal sealed record Challenged(byte[] Blob) : AttestationVerdict
    {
        /// <summary>What it is to quote; null where its boot is not measured.</summary>
        internal QuoteChallenge? Quote { get; init; }
    }

    /// <summary>The keys of a TPM may come in the body, which is not read yet.</summary>
    /// <param name="IsProved">Whether the proof is good where the body brings no keys, or those that were shown before.</param>
    internal sealed record Undecided(bool IsProved) : AttestationVerdict;

    /// <param name="Reason">For the refusal log.</param>
    /// <param name="Detail">One sentence for the operator; never a secret.</param>
    internal sealed record Refused(RefusalReason Reason, string Detail) : AttestationVerdict
    {
        /// <summary>The entry that recognised the device and is disabled; null for every other refusal.</summary>
        internal EnrollmentRow? DisabledBy { get; init; }

        /// <summary>What its TPM proved to be other than wanted; null for every other refusal.</summary>
        internal ChangedBoot? Changed { get; init; }

        /// <summary>What the device is told, where it is neither of the two words for a wrong proof.</summary>
        internal HubError? Error { get; init; }

        /// <summary>Whether the device is told of its certificate, not of a token.</summary>
        internal bool IsOfCertificate { get; init; }
    }
}
