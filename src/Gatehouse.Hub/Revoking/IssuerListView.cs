using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Revoking;

/// <summary>A CA's revocation list and rule, for operators.</summary>
public sealed record IssuerListView
{
    /// <summary>Name of the CA certificate when the list was taken.</summary>
    public required string CaName { get; init; }

    /// <summary>Mark of the CA's name and key.</summary>
    public required string Issuer { get; init; }

    /// <summary><c>accept</c> or <c>refuse</c>: what becomes of new connections while there is no list of today.</summary>
    public required string Stale { get; init; }

    /// <summary>CRL number, decimal; null while there is only a rule.</summary>
    public string? Number { get; init; }

    /// <summary>Whether a delta made it what it is.</summary>
    public bool IsDelta { get; init; }

    public DateTimeOffset? ThisUpdate { get; init; }

    public DateTimeOffset? NextUpdate { get; init; }

    /// <summary>Whether it is missing or past its time.</summary>
    public required bool IsStale { get; init; }

    /// <summary>Serial numbers.</summary>
    public required int Entries { get; init; }

    /// <summary>SHA-256 of what was imported last, hexadecimal; null while there is only a rule.</summary>
    public string? Thumbprint { get; init; }

    public required string Actor { get; init; }

    public required DateTimeOffset Updated { get; init; }
}

/// <summary>How a list is to be taken.</summary>
/// <param name="CaName">Name of the CA certificate that it must be of; null for whichever signed it.</param>
/// <param name="IsWhole">The operator knows that it is the CA's only list though it names a distribution point.</param>
public sealed record IssuerListImport(string? CaName, bool IsWhole);

/// <summary>What an import or a rule does, or would do.</summary>
/// <param name="List">As it is then.</param>
/// <param name="IsNew">False when nothing changed.</param>
/// <param name="Added">Serial numbers that were not revoked by it before.</param>
/// <param name="Removed">Those that no longer are.</param>
/// <param name="Live">Devices and modules connected to this node that it may concern, each once; at most <see cref="RevocationEffect.MaxShown"/>. Of a list: its new entries; of a rule: all below the CA, who stay connected.</param>
/// <param name="LiveCount">How many.</param>
public sealed record IssuerListEffect(IssuerListView List, bool IsNew, int Added, int Removed, IReadOnlyList<string> Live, int LiveCount);

/// <summary>Whom new entries may concern.</summary>
internal static class ListedMarks
{
    /// <summary>Short marks of what one list names and another does not.</summary>
    internal static IEnumerable<ulong> Of(IssuerList list, RevokedSerials before)
    {
        if (!Gatehouse.Identity.X509.CertificateOutline.TryRead(list.Authority, out var authority))
        {
            yield break;
        }

        foreach (var serial in list.Serials.Except(before))
        {
            if (authority.TryMarkIssued(serial.ToString(), out _, out var mark))
            {
                yield return mark.Short;
            }
        }
    }
}
