using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.X509;

namespace Gatehouse.Identity.Tests;

/// <summary>One list in memory; those who hold what was let in hear of it as the hub's own list tells them.</summary>
internal sealed class MemoryRevocations(RevocationSet? set = null) : IRevocations
{
    private static readonly HubName Hub = HubName.Parse("hub");

    private readonly List<ICertificateUses> uses = [];

    internal RevocationSet Set { get; private set; } = set ?? RevocationSet.Empty;

    public RevocationSet Of(HubName hub) => Set;

    public IDisposable Attach(ICertificateUses uses)
    {
        this.uses.Add(uses);
        return new Attachment(this, uses);
    }

    internal static Revocation Entry(CertificateMark mark, RevocationKind kind) =>
        new() { Mark = mark, Kind = kind, Reason = RevocationReason.KeyCompromise, Note = "lost", Actor = "policy:iothubowner", Time = new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero) };

    /// <summary>An entry of a CA.</summary>
    internal static Revocation Issuer(byte[] der) => Entry(Outline(der).Key, RevocationKind.Issuer) with { Authority = der, AuthorityName = Outline(der).SubjectName };

    internal static CertificateOutline Outline(byte[] der) => CertificateOutline.TryRead(der, out var outline) ? outline : throw new ArgumentException("It is no certificate.", nameof(der));

    /// <summary>Puts it in force; how many hold what it may concern.</summary>
    internal int Revoke(Revocation entry)
    {
        Set = Set.With([entry]);
        uses.ForEach(each => each.RevocationsChanged(Hub));
        var marks = entry.ShortMarks.ToHashSet();
        var found = uses.SelectMany(each => each.Find(Hub, marks)).ToList();
        found.ForEach(each => each.JudgeAgain());
        return found.Count;
    }

    private sealed class Attachment(MemoryRevocations owner, ICertificateUses uses) : IDisposable
    {
        public void Dispose() => owner.uses.Remove(uses);
    }
}
