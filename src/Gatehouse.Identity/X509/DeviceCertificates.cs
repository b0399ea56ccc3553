using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Judges the certificate of a device or module: by registered thumbprint, or by a path to a verified CA of the hub. TLS proved possession of its key.</summary>
internal sealed class DeviceCertificates(IdentityParts parts)
{
    private readonly PathValidator validator = new(parts.Options.Paths);
    private readonly ShownCertificates shown = new(parts.Options.Paths);

    /// <summary>The work of a judgement for an identity that does not exist.</summary>
    internal async ValueTask JudgeDecoyAsync(HubEntry hub, PeerCertificate certificate, CancellationToken cancellationToken) =>
        Validate(hub, certificate, await parts.Credentials.FindTrustAnchorsAsync(hub.Name, cancellationToken));

    internal Verdict JudgeThumbprint(HubEntry hub, IdentityCredentials registered, PeerCertificate certificate)
    {
        var leaf = certificate.Leaf;
        var thumbprints = new LeafThumbprints(leaf);
        var matchesPrimary = thumbprints.Matches(registered.PrimaryThumbprint);
        var matchesSecondary = thumbprints.Matches(registered.SecondaryThumbprint);
        if (!matchesPrimary && !matchesSecondary)
        {
            return Refuse.Device(RefusalReason.ThumbprintMismatch, $"The certificate presented ({thumbprints}) is not the registered one ({Registered(registered)}).");
        }

        if (shown.FindRevocation(certificate, parts.Time.GetUtcNow(), parts.Revocations.Of(hub.Name)) is { } revoked)
        {
            return Refuse.Device(revoked.Reason, revoked.Detail);
        }

        var now = parts.Time.GetUtcNow();
        if (!parts.Options.AllowExpiredThumbprintCertificates && CertificateDates.Fault(leaf, now) is { } fault)
        {
            return Refuse.Device(fault, CertificateDates.Describe(leaf, now));
        }

        return new Verdict.Accepted(Principal(hub, registered, thumbprints, AuthenticationMethod.X509Thumbprint, ShownCertificates.TraceOf(certificate)) with
        {
            CredentialName = matchesPrimary ? CredentialName.PrimaryThumbprint : CredentialName.SecondaryThumbprint,
            CredentialMark = (matchesPrimary ? registered.PrimaryThumbprint : registered.SecondaryThumbprint)!,
        });
    }

    internal async ValueTask<Verdict> JudgeAuthorityAsync(HubEntry hub, IdentityCredentials registered, PeerCertificate certificate, CancellationToken cancellationToken)
    {
        var finding = Validate(hub, certificate, await parts.Credentials.FindTrustAnchorsAsync(hub.Name, cancellationToken));
        if (finding.Fault is { } fault)
        {
            return Refuse.Device(fault, finding.Detail);
        }

        if (!CommonName.Is(finding.Path[0].Subject, registered.Identity.ToString(), out var mismatch))
        {
            return Refuse.Device(RefusalReason.CertificateNameMismatch, mismatch);
        }

        var path = CertificateTraces.PathTo(finding.Path[^1].Outline.Thumbprint, certificate.Intermediates);
        var trace = CertificateTraces.Of(finding.Path[0].Outline, finding.Path.Skip(1).Select(each => each.Outline)) with { Path = path };
        return new Verdict.Accepted(Principal(hub, registered, new LeafThumbprints(certificate.Leaf), AuthenticationMethod.X509Authority, trace) with { CredentialName = path.Credential });
    }

    private PathFinding Validate(HubEntry hub, PeerCertificate certificate, TrustAnchors anchors) => validator.Validate(
        certificate.Leaf.RawDataMemory, [.. certificate.Intermediates.Select(c => c.RawDataMemory)], anchors, parts.Time.GetUtcNow(), parts.Revocations.Of(hub.Name));

    private static Principal Principal(HubEntry hub, IdentityCredentials registered, LeafThumbprints thumbprints, AuthenticationMethod method, CertificateTrace trace) => new()
    {
        Hub = hub.Name,
        Identity = registered.Identity,
        Rights = Rights.DeviceConnect,
        Method = method,
        Credential = thumbprints.Sha256,
        Certificates = trace,
        GenerationId = registered.GenerationId,
    };

    private static string Registered(IdentityCredentials registered) =>
        $"primary {registered.PrimaryThumbprint ?? "none"}, secondary {registered.SecondaryThumbprint ?? "none"}";
}
