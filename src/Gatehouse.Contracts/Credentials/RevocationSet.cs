using System.Collections.Immutable;

namespace Gatehouse.Contracts.Credentials;

/// <summary>A hub's revocation list as it is at one moment. Immutable: what it answers costs one look-up in memory.</summary>
public sealed class RevocationSet
{
    private readonly ImmutableDictionary<CertificateMark, Revocation> entries;

    private RevocationSet(ImmutableDictionary<CertificateMark, Revocation> entries, ImmutableList<Revocation> authorities) => (this.entries, Authorities) = (entries, authorities);

    public static RevocationSet Empty { get; } = new(ImmutableDictionary<CertificateMark, Revocation>.Empty, []);

    /// <summary>Entries of CAs.</summary>
    public ImmutableList<Revocation> Authorities { get; }

    public bool IsEmpty => entries.IsEmpty;

    public int Count => entries.Count;

    /// <summary>The entry of this mark; null when there is none.</summary>
    public Revocation? Find(CertificateMark mark) => entries.GetValueOrDefault(mark);

    /// <summary>With more entries; one of the same mark is replaced.</summary>
    public RevocationSet With(IReadOnlyCollection<Revocation> more)
    {
        ArgumentNullException.ThrowIfNull(more);
        var authorities = more.Where(each => each.Kind == RevocationKind.Issuer).ToList();
        return new RevocationSet(
            entries.SetItems(more.Select(each => KeyValuePair.Create(each.Mark, each))),
            authorities.Count == 0 ? Authorities : Authorities.RemoveAll(old => authorities.Exists(each => each.Mark == old.Mark)).AddRange(authorities));
    }
}
