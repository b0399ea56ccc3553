namespace Gatehouse.Contracts.Credentials;

/// <summary>What is remembered of the certificates that somebody was let in by: short marks, by which those are found whom a revocation may concern. Whether it does is judged again from the proof itself.</summary>
/// <remarks>56 bytes for each connection; those of the issuers are shared by all that have the same.</remarks>
/// <param name="Thumbprint">Of the peer's own certificate.</param>
/// <param name="Key">Of its public key.</param>
/// <param name="Serial">Of its issuer's name and its serial number.</param>
/// <param name="Issuers">Its issuer's name; then the same three and the issuer's name of each certificate above it. Not to be changed.</param>
public sealed record CertificateTrace(ulong Thumbprint, ulong Key, ulong Serial, IReadOnlyList<ulong> Issuers)
{
    /// <summary>The verified CA at the end of its path; null for those who were let in by thumbprint.</summary>
    public IssuerPath? Path { get; init; }

    /// <summary>Whether any of these marks is among them.</summary>
    public bool RestsOnAny(IReadOnlySet<ulong> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        if (marks.Contains(Thumbprint) || marks.Contains(Key) || marks.Contains(Serial))
        {
            return true;
        }

        for (var i = 0; i < Issuers.Count; i++)
        {
            if (marks.Contains(Issuers[i]))
            {
                return true;
            }
        }

        return false;
    }

    public bool Equals(CertificateTrace? other) =>
        other is not null && (Thumbprint, Key, Serial) == (other.Thumbprint, other.Key, other.Serial) && (ReferenceEquals(Issuers, other.Issuers) || Issuers.SequenceEqual(other.Issuers));

    public override int GetHashCode() => Thumbprint.GetHashCode();
}
