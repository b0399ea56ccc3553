using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Judges certificates: the one that an individual enrollment names, or a chain to what a group names. TLS proved possession of the leaf's key.</summary>
/// <remarks>Source: Device Provisioning Service "X.509 attestation" page. The leaf names the registration; the entry nearest to it decides, also when it is disabled.</remarks>
internal sealed class X509Attestation(CertificateChains chains, LinkedRevocations revocations, TimeProvider time)
{
    // Of each connection once: it may ask several times, and each registration is judged more than once.
    private static readonly ConditionalWeakTable<PeerCertificate, ShownLeaf> Leaves = [];

    internal AttestationVerdict Judge(DeviceProof proof, EnrollmentRow? individual, GroupSet groups)
    {
        var shown = proof.Certificate!;
        if (individual is null)
        {
            return JudgeChain(proof, shown, groups);
        }

        var verdict = JudgeIndividual(proof, shown, individual, groups);
        if (verdict is AttestationVerdict.Refused { DisabledBy: null })
        {
            // As much work as for an id without an enrollment of its own: how long an answer takes must not tell which ids have one.
            _ = chains.Follow(shown, groups.Signers, time.GetUtcNow(), revocations.Of(groups));
        }

        return verdict;
    }

    private AttestationVerdict JudgeIndividual(DeviceProof proof, PeerCertificate shown, EnrollmentRow individual, GroupSet groups)
    {
        if (individual.Type != AttestationType.X509)
        {
            return Refused(RefusalReason.CredentialKindMismatch, $"A client certificate was presented, but the enrollment attests by {AttestationViews.WordOf(individual.Type)}.");
        }

        var stored = individual.ReadProof();
        var isPrimary = CertificateChains.IsLeaf(shown, ThumbprintOf(stored.ClientPrimary));
        return !isPrimary & !CertificateChains.IsLeaf(shown, ThumbprintOf(stored.ClientSecondary))
            ? Refused(RefusalReason.ThumbprintMismatch, $"The certificate presented ({ThumbprintOf(shown)}) is neither the primary nor the secondary one of the individual enrollment '{individual.Name}'.")
            : chains.RevocationOf(shown, time.GetUtcNow(), revocations.Of(groups)) is { } revoked ? Refused(revoked.Reason, revoked.Detail)
            : CertificateChains.DateFault(shown, time.GetUtcNow()) is { } dates ? Refused(dates.Reason, dates.Detail)
            : Accept(proof, shown, individual, isPrimary, null);
    }

    private AttestationVerdict JudgeChain(DeviceProof proof, PeerCertificate shown, GroupSet groups)
    {
        var finding = chains.Follow(shown, groups.Signers, time.GetUtcNow(), revocations.Of(groups));
        if (finding.Fault is { } fault)
        {
            return Refused(fault, fault is RefusalReason.CertificateRevoked or RefusalReason.RevocationListStale ? finding.Detail : $"{finding.Detail} No enrollment group knows it.");
        }

        var signer = groups.FindBySigner(finding.Thumbprint);
        return Accept(proof, shown, signer.Group, signer.IsPrimary, signer.Info);
    }

    private static AttestationVerdict Accept(DeviceProof proof, PeerCertificate shown, EnrollmentRow enrollment, bool isPrimary, CertificateInfo? signer)
    {
        if (!CertificateChains.Names(shown, proof.RegistrationId, out var fault))
        {
            return Refused(RefusalReason.CertificateNameMismatch, fault);
        }

        if (enrollment.IsDisabled != 0)
        {
            return Attestor.Disabled(enrollment) with { IsOfCertificate = true };
        }

        var leaf = Leaves.GetValue(shown, static each => new ShownLeaf(CertificateInfo.Of(each.Leaf), ThumbprintOf(each)));
        var group = enrollment.Key.Kind == EnrollmentKind.Group ? enrollment.Name : null;
        var evidence = new Evidence
        {
            X509 = new AttestedCertificate(group, leaf.Info, signer),
            ProvedBy = ProvedBy.Of(enrollment, isPrimary),
        };
        return new AttestationVerdict.Accepted(enrollment, evidence, leaf.Thumbprint);
    }

    private static AttestationVerdict.Refused Refused(RefusalReason reason, string detail) => new(reason, detail) { IsOfCertificate = true };

    private static string ThumbprintOf(PeerCertificate shown) => Convert.ToHexString(SHA256.HashData(shown.Leaf.RawDataMemory.Span));

    internal static string? ThumbprintOf(string? certificate) => certificate is null ? null : Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(certificate)));

    /// <param name="Info">For the record.</param>
    /// <param name="Thumbprint">SHA-256, hex in capitals.</param>
    private sealed record ShownLeaf(CertificateInfo Info, string Thumbprint);
}
