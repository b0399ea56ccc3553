using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Finds and judges a path from a peer's certificate to a verified CA of its hub.</summary>
/// <remarks>
/// Our own RFC 5280 validator over raw DER (decisions/0008): no store, no network and no system root can take part, because nothing here
/// knows any. X509Chain cannot anchor at an intermediate, fetches what a certificate names, does not backtrack, and may throw.
/// </remarks>
/// <param name="options">Bounds.</param>
/// <param name="purpose">What the certificate is to be good for.</param>
internal sealed class PathValidator(PathOptions options, CertificatePurpose purpose)
{
    private readonly PathRules rules = new(options, purpose);

    /// <summary>For devices that prove themselves in TLS.</summary>
    internal PathValidator(PathOptions options)
        : this(options, CertificatePurpose.Client)
    {
    }

    /// <param name="leaf">DER of the certificate whose key the peer proved.</param>
    /// <param name="sent">DER of what it sent beside it.</param>
    /// <param name="anchors">Where paths may end.</param>
    /// <param name="now">Time of the judgement.</param>
    /// <param name="revoked">Lists that no certificate of a path may be on.</param>
    internal PathFinding Validate(
        ReadOnlyMemory<byte> leaf, IReadOnlyList<ReadOnlyMemory<byte>> sent, TrustAnchors anchors, DateTimeOffset now, params IReadOnlyList<RevocationSet> revoked)
    {
        var bytes = leaf.Length + sent.Sum(static c => (long)c.Length);
        if (sent.Count + 1 > options.MaxPeerCertificates || bytes > options.MaxPeerCertificateBytes)
        {
            return PathFinding.Refused(
                RefusalReason.CertificateInvalid,
                $"The peer sent {sent.Count + 1} certificates of {bytes} bytes; {options.MaxPeerCertificates} and {options.MaxPeerCertificateBytes} are allowed.");
        }

        if (!ParsedCertificate.TryParse(leaf, out var parsed, out var fault))
        {
            return PathFinding.Refused(RefusalReason.CertificateInvalid, $"The certificate is not acceptable: {fault}.");
        }

        // Before any signature is verified: what is revoked shall cost nothing.
        var revocations = new RevocationCheck(revoked, options, now);
        if (revocations.Find(parsed) is { } found)
        {
            var (reason, detail) = RevocationCheck.Describe(parsed, found, isPeers: true);
            return PathFinding.Refused(reason, detail);
        }

        var index = TrustAnchorIndex.Of(anchors);
        return new PathSearch(index, Usable(sent, index), rules, revocations, options, purpose.Known, now).Run(parsed);
    }

    // What cannot be read cannot be part of a path, and does not spoil the others. Anchors come from the hub, never from the peer.
    private static List<ParsedCertificate> Usable(IReadOnlyList<ReadOnlyMemory<byte>> sent, TrustAnchorIndex anchors)
    {
        var usable = new List<ParsedCertificate>();
        foreach (var raw in sent)
        {
            if (ParsedCertificate.TryParse(raw, out var certificate, out _)
                && !anchors.Contains(certificate)
                && !usable.Exists(u => u.Raw.Span.SequenceEqual(raw.Span)))
            {
                usable.Add(certificate);
            }
        }

        return usable;
    }
}
