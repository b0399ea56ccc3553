using System.Runtime.CompilerServices;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>A hub's verified CA certificates by subject (or its revoked ones): parsed once for each set, and only those that an issuer names are looked at.</summary>
internal sealed class TrustAnchorIndex
{
    private static readonly ConditionalWeakTable<TrustAnchors, TrustAnchorIndex> Cache = [];

    private readonly Dictionary<DistinguishedName, List<ParsedCertificate>> bySubject = [];

    private TrustAnchorIndex(IEnumerable<ReadOnlyMemory<byte>> certificates)
    {
        foreach (var certificate in certificates)
        {
            if (!ParsedCertificate.TryParse(certificate, out var parsed, out _))
            {
                continue;
            }

            if (!bySubject.TryGetValue(parsed.Subject, out var sameName))
            {
                bySubject.Add(parsed.Subject, sameName = []);
            }

            sameName.Add(parsed);
        }
    }

    internal IEnumerable<DistinguishedName> Subjects => bySubject.Keys;

    internal static TrustAnchorIndex Of(TrustAnchors anchors) => Cache.GetValue(anchors, static a => Of(a.Certificates.Select(each => each.RawDataMemory)));

    internal static TrustAnchorIndex Of(IEnumerable<ReadOnlyMemory<byte>> certificates) => new(certificates);

    internal IReadOnlyList<ParsedCertificate> Named(DistinguishedName subject) => bySubject.TryGetValue(subject, out var found) ? found : [];

    internal bool Contains(ParsedCertificate certificate) => Named(certificate.Subject).Any(a => a.Raw.Span.SequenceEqual(certificate.Raw.Span));
}
