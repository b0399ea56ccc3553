using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Judges the certificate of a device or module: by registered thumbprint, or by a path to a verified CA of the hub. TLS proved possession of its key.</summary>
internal sealed class DeviceCertificates(ICredentialSource credentials, TimeProvider time, IdentityOptions options)
{
    /// <summary>The work of a judgement for an identity that does not exist.</summary>
    internal async ValueTask JudgeDecoyAsync(HubEntry hub, PeerCertificate certificate, CancellationToken cancellationToken)
    {
        _ = certificate;
        _ = await credentials.FindTrustAnchorsAsync(hub.Name, cancellationToken);
    }

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

        var now = time.GetUtcNow();
        if (!options.AllowExpiredThumbprintCertificates && CertificateDates.Fault(leaf, now) is { } fault)
        {
            return Refuse.Device(fault, CertificateDates.Describe(leaf, now));
        }

        return Accept(hub, registered, thumbprints, AuthenticationMethod.X509Thumbprint);
    }

    internal async ValueTask<Verdict> JudgeAuthorityAsync(HubEntry hub, IdentityCredentials registered, PeerCertificate certificate, CancellationToken cancellationToken)
    {
        _ = (registered, certificate);
        _ = await credentials.FindTrustAnchorsAsync(hub.Name, cancellationToken);
        return Refuse.Device(RefusalReason.CertificateNotTrusted, "The certificate does not chain to a verified CA of the hub.");
    }

    private static Verdict.Accepted Accept(HubEntry hub, IdentityCredentials registered, LeafThumbprints thumbprints, AuthenticationMethod method) =>
        new(new Principal
        {
            Hub = hub.Name,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = method,
            Credential = thumbprints.Sha256,
            GenerationId = registered.GenerationId,
        });

    private static string Registered(IdentityCredentials registered) =>
        $"primary {registered.PrimaryThumbprint ?? "none"}, secondary {registered.SecondaryThumbprint ?? "none"}";
}
