using System.Collections.Immutable;

namespace Gatehouse.Contracts.Credentials;

/// <summary>A hub's revocation list as it is at one moment, with the lists of outside CAs. Immutable: what it answers costs one look-up in memory.</summary>
public sealed class RevocationSet
{
    private readonly ImmutableDictionary<CertificateMark, Revocation> entries;

    private RevocationSet(ImmutableDictionary<CertificateMark, Revocation> entries, ImmutableList<Revocation> authorities, ImmutableList<IssuerList> lists) =>
        (this.entries, Authorities, IssuerLists) = (entries, authorities, lists);

    public static RevocationSet Empty { get; } = new(ImmutableDictionary<CertificateMark, Revocation>.Empty, [], []);

    /// <summary>Entries of CAs.</summary>
    public ImmutableList<Revocation> Authorities { get; }

    /// <summary>Lists of outside CAs, each CA once.</summary>
    public ImmutableList<IssuerList> IssuerLists { get; }

    /// <summary>Whether it can refuse nobody.</summary>
    public bool IsEmpty => entries.IsEmpty && IssuerLists.IsEmpty;

    /// <summary>Entries of the hub's own.</summary>
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
            authorities.Count == 0 ? Authorities : Authorities.RemoveAll(old => authorities.Exists(each => each.Mark == old.Mark)).AddRange(authorities),
            IssuerLists);
    }

    /// <summary>Without the hub's own entries.</summary>
    public RevocationSet WithoutEntries() => Empty.WithLists(IssuerLists);

    /// <summary>With these lists of outside CAs in place of those before.</summary>
    public RevocationSet WithLists(ImmutableList<IssuerList> lists) => new(entries, Authorities, lists);

    /// <summary>Until when what was judged good at a time stays so: the next moment at which a list whose CA refuses then becomes stale.</summary>
    public DateTimeOffset GoodUntil(DateTimeOffset judged) =>
        IssuerLists.Where(list => list.Stale == StaleListRule.Refuse && !list.IsStale(judged)).Select(list => list.NextUpdate!.Value).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
}
