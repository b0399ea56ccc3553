using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Follows the chain that a device showed to the nearest of the certificates that a provisioning service knows. The rules are those of a hub's devices.</summary>
/// <remarks>
/// Known certificates end a path and are never taken from the peer, so a chain through a known intermediate ends there, not at the root above it.
/// What one connection showed is read once, and its path is found once for each set of known certificates and revocation lists: these are never changed, but replaced.
/// </remarks>
public sealed class CertificateChains(IdentityOptions options)
{
    private static readonly ConditionalWeakTable<PeerCertificate, ParsedCertificate> Leaves = [];

    private readonly PathValidator validator = new(options.Paths);
    private readonly ConditionalWeakTable<PeerCertificate, FoundPath> found = [];
    private readonly ShownCertificates certificates = new(options.Paths);

    /// <param name="shown">What TLS proved, with what came beside it.</param>
    /// <param name="known">Signing certificates and verified CAs.</param>
    /// <param name="now">Time of the judgement.</param>
    /// <param name="revoked">Lists that no certificate of the chain may be on.</param>
    public ChainFinding Follow(PeerCertificate shown, TrustAnchors known, DateTimeOffset now, params IReadOnlyList<RevocationSet> revoked)
    {
        if (found.TryGetValue(shown, out var before) && before.IsOf(known, revoked) && before.IsValid(now))
        {
            return before.Finding;
        }

        // No failure is kept: at another time it may be none.
        var finding = validator.Validate(shown.Leaf.RawDataMemory, [.. shown.Intermediates.Select(each => each.RawDataMemory)], known, now, revoked);
        if (finding.Fault is { } fault)
        {
            return new ChainFinding(fault, finding.Detail, "");
        }

        var path = new FoundPath(known, revoked, finding.Path, now);
        found.AddOrUpdate(shown, path);
        return path.Finding;
    }

    /// <summary>Why the certificate itself, or what it was signed by as far as the peer showed it, is revoked; null when it is not.</summary>
    public (RefusalReason Reason, string Detail)? RevocationOf(PeerCertificate shown, DateTimeOffset now, params IReadOnlyList<RevocationSet> revoked) => certificates.FindRevocation(shown, now, revoked);

    /// <summary>Whether the leaf's one common name is the registration id, in any case. Says why not.</summary>
    public static bool Names(PeerCertificate shown, string registrationId, out string fault)
    {
        if (!Leaves.TryGetValue(shown, out var leaf))
        {
            if (!ParsedCertificate.TryParse(shown.Leaf.RawDataMemory, out leaf, out fault))
            {
                fault = $"The certificate is not acceptable: {fault}.";
                return false;
            }

            Leaves.AddOrUpdate(shown, leaf);
        }

        return CommonName.Is(leaf.Subject, registrationId, out fault, ignoresCase: true);
    }

    /// <summary>Null while the certificate's dates are good.</summary>
    public static (RefusalReason Reason, string Detail)? DateFault(PeerCertificate shown, DateTimeOffset now) =>
        CertificateDates.Fault(shown.Leaf, now) is { } fault ? (fault, CertificateDates.Describe(shown.Leaf, now)) : null;

    /// <summary>Whether the leaf is the certificate of this SHA-256 thumbprint. Fixed time.</summary>
    public static bool IsLeaf(PeerCertificate shown, string? thumbprint) => new LeafThumbprints(shown.Leaf).Matches(thumbprint);

    /// <summary>A path that was good, and for what it is good again: the same known certificates and the same revocation lists, while all of its dates are.</summary>
    private sealed class FoundPath(TrustAnchors known, IReadOnlyList<RevocationSet> revoked, IReadOnlyList<ParsedCertificate> path, DateTimeOffset judged)
    {
        // Not to keep alive what has been replaced.
        private readonly WeakReference<TrustAnchors> known = new(known);
        private readonly WeakReference<RevocationSet>[] revoked = [.. revoked.Select(static each => new WeakReference<RevocationSet>(each))];
        private readonly DateTimeOffset notBefore = path.Max(each => each.NotBefore);
        private readonly DateTimeOffset notAfter = path.Min(each => each.NotAfter);
        private readonly DateTimeOffset goodUntil = revoked.Select(each => each.GoodUntil(judged)).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

        internal ChainFinding Finding { get; } = new(null, "", Convert.ToHexString(SHA256.HashData(path[^1].Raw.Span)));

        internal bool IsOf(TrustAnchors anchors, IReadOnlyList<RevocationSet> lists)
        {
            if (!IsSame(known, anchors) || revoked.Length != lists.Count)
            {
                return false;
            }

            for (var i = 0; i < revoked.Length; i++)
            {
                if (!IsSame(revoked[i], lists[i]))
                {
                    return false;
                }
            }

            return true;
        }

        internal bool IsValid(DateTimeOffset now) => CertificateDates.Fault(notBefore, notAfter, now) is null && now <= goodUntil;

        private static bool IsSame<T>(WeakReference<T> kept, T other)
            where T : class => kept.TryGetTarget(out var own) && ReferenceEquals(own, other);
    }
}

/// <summary>Where a chain ends.</summary>
/// <param name="Fault">Why it ends nowhere; null when it ends at a known certificate.</param>
/// <param name="Detail">The same for the operator.</param>
/// <param name="Thumbprint">SHA-256 of the known certificate, hex in capitals; empty when there is none.</param>
public sealed record ChainFinding(RefusalReason? Fault, string Detail, string Thumbprint);
