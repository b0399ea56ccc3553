using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Judges certificates: the one that an individual enrollment names, or a chain to what a group names. TLS proved possession of the leaf's key.</summary>
/// <remarks>Source: Device Provisioning Service "X.509 attestation" page. The leaf names the registration; the entry nearest to it decides, also when it is disabled.</remarks>
internal sealed class X509Attestation(CertificateChains chains, TimeProvider time)
{
    internal AttestationVerdict Judge(DeviceProof proof, EnrollmentRow? individual, GroupSet groups)
    {
        var shown = proof.Certificate!;
        if (individual is null)
        {
            return JudgeChain(proof, shown, groups);
        }

        var verdict = JudgeIndividual(proof, shown, individual);
        if (verdict is AttestationVerdict.Refused { DisabledBy: null })
        {
            // As much work as for an id without an enrollment of its own: how long an answer takes must not tell which ids have one.
            _ = chains.Follow(shown, groups.Signers, time.GetUtcNow());
        }

        return verdict;
    }

    private AttestationVerdict JudgeIndividual(DeviceProof proof, PeerCertificate shown, EnrollmentRow individual)
    {
        if (individual.Type != AttestationType.X509)
        {
            return Refused(RefusalReason.CredentialKindMismatch, $"A client certificate was presented, but the enrollment attests by {AttestationViews.WordOf(individual.Type)}.");
        }

        var stored = individual.ReadProof();
        var isPrimary = CertificateChains.IsLeaf(shown, ThumbprintOf(stored.ClientPrimary));
        return !isPrimary & !CertificateChains.IsLeaf(shown, ThumbprintOf(stored.ClientSecondary))
            ? Refused(RefusalReason.ThumbprintMismatch, $"The certificate presented ({ThumbprintOf(shown)}) is neither the primary nor the secondary one of the individual enrollment '{individual.Name}'.")
            : CertificateChains.DateFault(shown, time.GetUtcNow()) is { } dates ? Refused(dates.Reason, dates.Detail)
            : Accept(proof, shown, individual, isPrimary, null);
    }

    private AttestationVerdict JudgeChain(DeviceProof proof, PeerCertificate shown, GroupSet groups)
    {
        var finding = chains.Follow(shown, groups.Signers, time.GetUtcNow());
        if (finding.Fault is { } fault)
        {
            return Refused(fault, $"{finding.Detail} No enrollment group knows it.");
        }

        var signer = groups.FindBySigner(finding.Thumbprint);
        return Accept(proof, shown, signer.Group, signer.IsPrimary, signer.Certificate);
    }

    private static AttestationVerdict Accept(DeviceProof proof, PeerCertificate shown, EnrollmentRow enrollment, bool isPrimary, string? signer)
    {
        if (!CertificateChains.Names(shown, proof.RegistrationId, out var fault))
        {
            return Refused(RefusalReason.CertificateNameMismatch, fault);
        }

        if (enrollment.IsDisabled != 0)
        {
            return Attestor.Disabled(enrollment) with { IsOfCertificate = true };
        }

        var group = enrollment.Key.Kind == EnrollmentKind.Group ? enrollment.Name : null;
        var evidence = new Evidence
        {
            X509 = new AttestedCertificate(group, CertificateInfo.Of(shown.Leaf), signer is null ? null : SignerInfo(signer)),
            ProvedBy = ProvedBy.Of(enrollment, isPrimary),
        };
        return new AttestationVerdict.Accepted(enrollment, evidence, ThumbprintOf(shown));
    }

    private static CertificateInfo SignerInfo(string certificate)
    {
        using var signer = CertificateText.Load(certificate);
        return CertificateInfo.Of(signer);
    }

    private static AttestationVerdict.Refused Refused(RefusalReason reason, string detail) => new(reason, detail) { IsOfCertificate = true };

    private static string ThumbprintOf(PeerCertificate shown) => Convert.ToHexString(SHA256.HashData(shown.Leaf.RawDataMemory.Span));

    internal static string? ThumbprintOf(string? certificate) => certificate is null ? null : Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(certificate)));
}
