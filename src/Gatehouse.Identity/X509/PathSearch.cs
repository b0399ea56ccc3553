using Gatehouse.Contracts.Audit;

namespace Gatehouse.Identity.X509;

/// <summary>One search for a path from a leaf to an anchor, depth first with a bounded amount of work.</summary>
/// <remarks>
/// Building, not following the order sent: cross-signed CAs, key roll-over and junk are tried until a path passes every rule. Key
/// identifiers only choose who is tried first. An anchor always ends a path, so a verified intermediate is an anchor like any other.
/// </remarks>
internal sealed class PathSearch(
    TrustAnchorIndex anchors, IReadOnlyList<ParsedCertificate> intermediates, PathRules rules, RevocationCheck revocations, PathOptions options, string known, DateTimeOffset now)
{
    // Of more weight than what became of other paths, of less than the fault of one that reached an anchor.
    private const int RevokedDepth = int.MaxValue - 1;

    private readonly List<ParsedCertificate> path = [];
    private readonly Dictionary<(ParsedCertificate Subject, ParsedCertificate Issuer), string?> signatures = [];

    private int candidates;
    private PathFinding? best;
    private int bestDepth = -1;

    internal PathFinding Run(ParsedCertificate leaf)
    {
        path.Add(leaf);
        return Extend() ?? best!;
    }

    private PathFinding? Extend()
    {
        var current = path[^1];
        if (path.Count == options.MaxPathCertificates)
        {
            return Note(RefusalReason.CertificateNotTrusted, $"The path is longer than {options.MaxPathCertificates} certificates.");
        }

        var (tried, isLoop) = (false, false);
        foreach (var (issuer, isAnchor) in Candidates(current))
        {
            if (path.Any(p => p.HasSameKeyAndName(issuer)))
            {
                isLoop = true;
                continue;
            }

            tried = true;
            if (++candidates > options.MaxCandidates || signatures.Count >= options.MaxSignatureChecks)
            {
                return Note(RefusalReason.CertificateNotTrusted, "The certificates sent allow too many paths to look at all of them.");
            }

            if (revocations.Find(issuer) is { } revoked)
            {
                NoteRevoked(issuer, revoked, isPeers: false);
            }
            else if (revocations.FindListed(current, issuer) is { } listed)
            {
                NoteRevoked(current, listed, isPeers: path.Count == 1);
            }
            else if (SignatureFault(current, issuer) is { } fault)
            {
                Note(RefusalReason.CertificateNotTrusted, $"The signature on {current.Subject} is not that of {issuer.Subject}: {fault}.");
            }
            else if (Follow(issuer, isAnchor) is { } found)
            {
                return found;
            }
        }

        return tried ? null : Note(RefusalReason.CertificateNotTrusted, NoIssuer(current, isLoop));
    }

    private PathFinding? Follow(ParsedCertificate issuer, bool isAnchor)
    {
        path.Add(issuer);
        var found = isAnchor ? Judge() : Extend();
        path.RemoveAt(path.Count - 1);
        return found;
    }

    private PathFinding? Judge()
    {
        var finding = rules.Judge([.. path], now);
        if (finding.Fault is null)
        {
            if (revocations.FindAbove(path[^1], intermediates) is not { } revoked)
            {
                return finding;
            }

            NoteRevoked(path[^1], revoked, isPeers: false);
            return null;
        }

        // A path that reached an anchor tells more than one that did not.
        (best, bestDepth) = bestDepth == int.MaxValue ? (best, bestDepth) : (finding, int.MaxValue);
        return null;
    }

    private IEnumerable<(ParsedCertificate Issuer, bool IsAnchor)> Candidates(ParsedCertificate current)
    {
        var wanted = current.Extensions.AuthorityKeyIdentifier;
        return anchors.Named(current.Issuer).Select(a => (Issuer: a, IsAnchor: true))
            .Concat(intermediates.Where(i => i.Subject.Equals(current.Issuer)).Select(i => (Issuer: i, IsAnchor: false)))
            .OrderBy(c => IsNamedBy(wanted, c.Issuer) ? 0 : 1);
    }

    private static bool IsNamedBy(ReadOnlyMemory<byte>? wanted, ParsedCertificate issuer) =>
        wanted is null || issuer.Extensions.SubjectKeyIdentifier is not { } own || own.Span.SequenceEqual(wanted.Value.Span);

    private string? SignatureFault(ParsedCertificate subject, ParsedCertificate issuer)
    {
        if (!signatures.TryGetValue((subject, issuer), out var fault))
        {
            fault = SignatureCheck.Fault(subject, issuer, options);
            signatures.Add((subject, issuer), fault);
        }

        return fault;
    }

    private PathFinding? Note(RefusalReason reason, string detail)
    {
        if (path.Count > bestDepth)
        {
            (best, bestDepth) = (PathFinding.Refused(reason, detail), path.Count);
        }

        return null;
    }

    private void NoteRevoked(ParsedCertificate certificate, RevocationFault fault, bool isPeers)
    {
        if (bestDepth < RevokedDepth)
        {
            var (reason, detail) = RevocationCheck.Describe(certificate, fault, isPeers);
            (best, bestDepth) = (PathFinding.Refused(reason, detail), RevokedDepth);
        }
    }

    private string NoIssuer(ParsedCertificate current, bool isLoop)
    {
        var verified = string.Join(", ", anchors.Subjects.Take(5));
        var last = current.IsSelfIssued ? $"The path ends at {current.Subject}, which is not a {known}"
            : isLoop ? $"The path from {current.Subject} leads back to {current.Issuer}, which is not a {known}"
            : $"{current.Subject} names the issuer {current.Issuer}, which neither came with it nor is a {known}";
        return verified.Length == 0 ? $"{last}; there is none at all." : $"{last} ({verified}).";
    }
}
