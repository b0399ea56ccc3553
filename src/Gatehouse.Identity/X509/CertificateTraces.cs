using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Makes the traces of those who were let in; devices of one CA share its part.</summary>
internal static class CertificateTraces
{
    // Issuers of a server's devices, not devices.
    private const int MaxShared = 1_024;

    private static readonly ConcurrentDictionary<IssuerMarks, ulong[]> Shared = new();
    private static readonly ConcurrentDictionary<IssuerPath, IssuerPath> Paths = new();

    /// <param name="leaf">The peer's own certificate.</param>
    /// <param name="above">Those of its path, or what came with it.</param>
    internal static CertificateTrace Of(CertificateOutline leaf, IEnumerable<CertificateOutline> above)
    {
        var issuers = new List<ulong> { leaf.IssuerName.Short };
        foreach (var issuer in above)
        {
            issuers.AddRange([issuer.Thumbprint.Short, issuer.Key.Short, issuer.Serial.Short, issuer.IssuerName.Short]);
        }

        return new CertificateTrace(leaf.Thumbprint.Short, leaf.Key.Short, leaf.Serial.Short, Share([.. issuers]));
    }

    /// <param name="anchor">The verified CA.</param>
    /// <param name="sent">What the peer sent beside its own certificate.</param>
    internal static IssuerPath PathTo(CertificateMark anchor, IReadOnlyList<X509Certificate2> sent)
    {
        if (Paths.Count >= MaxShared)
        {
            Paths.Clear();
        }

        var path = new IssuerPath(CredentialName.OfAuthority(anchor.ToString()), string.Join(' ', sent.Select(each => CertificateMark.Of(each.RawDataMemory.Span).ToString())));
        return Paths.GetOrAdd(path, path);
    }

    private static ulong[] Share(ulong[] issuers)
    {
        if (Shared.Count >= MaxShared)
        {
            Shared.Clear();
        }

        return Shared.GetOrAdd(new IssuerMarks(issuers), issuers);
    }

    private readonly struct IssuerMarks(ulong[] marks) : IEquatable<IssuerMarks>
    {
        private readonly ulong[] marks = marks;

        public bool Equals(IssuerMarks other) => marks.AsSpan().SequenceEqual(other.marks);

        public override bool Equals(object? obj) => obj is IssuerMarks other && Equals(other);

        public override int GetHashCode() => marks.Aggregate(0, HashCode.Combine);
    }
}
