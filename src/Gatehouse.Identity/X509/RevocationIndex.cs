using System.Runtime.CompilerServices;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>CAs that a revocation list has something to say of, by name: those that are revoked, and those with a CRL or a rule. Parsed once for each list.</summary>
internal sealed class RevocationIndex
{
    private static readonly ConditionalWeakTable<RevocationSet, RevocationIndex> Cache = [];

    private readonly Dictionary<DistinguishedName, List<KnownIssuer>> bySubject = [];

    private RevocationIndex(RevocationSet set)
    {
        foreach (var entry in set.Authorities)
        {
            Add(entry.Authority, entry, null);
        }

        foreach (var list in set.IssuerLists)
        {
            Add(list.Authority, null, list);
        }
    }

    internal static RevocationIndex Of(RevocationSet set) => Cache.GetValue(set, static each => new RevocationIndex(each));

    internal IReadOnlyList<KnownIssuer> Named(DistinguishedName subject) => bySubject.TryGetValue(subject, out var found) ? found : [];

    private void Add(ReadOnlyMemory<byte> authority, Revocation? entry, IssuerList? list)
    {
        if (!ParsedCertificate.TryParse(authority, out var parsed, out _))
        {
            return;
        }

        if (!bySubject.TryGetValue(parsed.Subject, out var sameName))
        {
            bySubject.Add(parsed.Subject, sameName = []);
        }

        sameName.Add(new KnownIssuer(parsed, entry, list));
    }

    /// <param name="Certificate">The CA's.</param>
    /// <param name="Entry">The entry that revokes it; null for a CRL.</param>
    /// <param name="List">Its CRL or rule; null for an entry.</param>
    internal sealed record KnownIssuer(ParsedCertificate Certificate, Revocation? Entry, IssuerList? List);
}
