using System.Runtime.CompilerServices;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Asks revocation lists about certificates. From memory: nothing is fetched, and where no list has an entry nothing is computed.</summary>
/// <remarks>decisions/0033. Names only choose which revoked CA is looked at; that it signed is verified.</remarks>
internal sealed class RevocationCheck(IReadOnlyList<RevocationSet> lists, PathOptions options)
{
    private static readonly ConditionalWeakTable<RevocationSet, TrustAnchorIndex> Indexes = [];

    private readonly bool isEmpty = lists.All(static list => list.IsEmpty);

    /// <summary>The entry of a mark; null when there is none.</summary>
    internal Revocation? Find(CertificateMark mark)
    {
        foreach (var list in lists)
        {
            if (list.Find(mark) is { } entry)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>The entry that names this certificate, its key or its serial number; null when none does.</summary>
    internal Revocation? Find(CertificateOutline certificate) =>
        isEmpty ? null : Find(certificate.Thumbprint) ?? Find(certificate.Key) ?? Find(certificate.Serial);

    internal Revocation? Find(ParsedCertificate certificate) => isEmpty ? null : Find(certificate.Outline);

    /// <summary>The entry of a revoked CA that signed this certificate, or one above it as far as the peer showed them; null when there is none.</summary>
    internal Revocation? FindAbove(ParsedCertificate certificate, IReadOnlyList<ParsedCertificate> sent)
    {
        if (isEmpty)
        {
            return null;
        }

        var checks = options.MaxSignatureChecks;
        var current = certificate;
        for (var depth = 1; depth < options.MaxPathCertificates; depth++)
        {
            if (FindSigner(current, ref checks) is { } entry)
            {
                return entry;
            }

            if (NextAbove(current, sent, ref checks) is not { } above)
            {
                return null;
            }

            if (Find(above) is { } named)
            {
                return named;
            }

            current = above;
        }

        return null;
    }

    internal static (RefusalReason Reason, string Detail) Describe(ParsedCertificate certificate, Revocation entry, bool isPeers) =>
        Describe(isPeers ? $"The certificate {certificate.Subject}" : $"{certificate.Subject}, a CA of the certificate's path,", entry);

    internal static (RefusalReason Reason, string Detail) Describe(string what, Revocation entry) => (RefusalReason.CertificateRevoked, $"{what} is revoked: {entry}.");

    private Revocation? FindSigner(ParsedCertificate certificate, ref int checks)
    {
        foreach (var list in lists)
        {
            if (list.Authorities.IsEmpty)
            {
                continue;
            }

            foreach (var authority in Indexes.GetValue(list, static each => TrustAnchorIndex.Of(each.Authorities.Select(entry => entry.Authority))).Named(certificate.Issuer))
            {
                if (checks-- > 0 && SignatureCheck.Fault(certificate, authority, options) is null && list.Find(authority.Outline.Key) is { } entry)
                {
                    return entry;
                }
            }
        }

        return null;
    }

    private ParsedCertificate? NextAbove(ParsedCertificate current, IReadOnlyList<ParsedCertificate> sent, ref int checks)
    {
        foreach (var candidate in sent)
        {
            if (candidate.Subject.Equals(current.Issuer) && !candidate.HasSameKeyAndName(current) && checks-- > 0 && SignatureCheck.Fault(current, candidate, options) is null)
            {
                return candidate;
            }
        }

        return null;
    }
}
