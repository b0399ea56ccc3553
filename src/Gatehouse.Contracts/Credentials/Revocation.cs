using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Contracts.Credentials;

/// <summary>What an entry of a revocation list names.</summary>
public enum RevocationKind
{
    /// <summary>One certificate, by its SHA-256 or by its issuer's name and its serial number.</summary>
    Certificate,

    /// <summary>A public key, in whatever certificate it stands.</summary>
    Key,

    /// <summary>A CA: its key, and all that it signed.</summary>
    Issuer,

    /// <summary>A TPM, by its endorsement key.</summary>
    Tpm,
}

/// <summary>Why something was revoked. Source: RFC 5280 §5.3.1, with its numbers.</summary>
public enum RevocationReason
{
    Unspecified = 0,
    KeyCompromise = 1,
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,

    /// <summary>For a while: the only reason that is meant to be taken back.</summary>
    CertificateHold = 6,
    PrivilegeWithdrawn = 9,
}

/// <summary>One entry of a hub's revocation list. Immutable.</summary>
public sealed record Revocation
{
    /// <summary>What it is found by; unique in its hub.</summary>
    public required CertificateMark Mark { get; init; }

    public required RevocationKind Kind { get; init; }

    public required RevocationReason Reason { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Who did it, as in the audit log.</summary>
    public required string Actor { get; init; }

    /// <summary>Place in the order of the hub's changes; 0 while it is not stored.</summary>
    public long Sequence { get; init; }

    /// <summary>Names in the certificate, for people; null when only a mark was given.</summary>
    public string? Subject { get; init; }

    /// <summary>Issuer's names, for people; null when only a mark was given.</summary>
    public string? Issuer { get; init; }

    /// <summary>Hexadecimal; null when only a mark was given.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>Up to 256 characters for people; null for none.</summary>
    public string? Note { get; init; }

    /// <summary>DER of the CA; empty for other kinds.</summary>
    public ReadOnlyMemory<byte> Authority { get; init; }

    /// <summary>Mark of the CA's name, by which those are found whom it may have signed; null for other kinds.</summary>
    public CertificateMark? AuthorityName { get; init; }

    /// <summary>Whether it is meant to be taken back.</summary>
    public bool IsHold => Reason == RevocationReason.CertificateHold;

    /// <summary>Short marks of what it may concern.</summary>
    public IEnumerable<ulong> ShortMarks => AuthorityName is { } name ? [Mark.Short, name.Short] : [Mark.Short];

    /// <summary>For refusals: which entry, since when, by whom, why.</summary>
    public override string ToString()
    {
        var what = $"{WordOf(Kind)} {Mark}";
        var why = Note is null ? WordOf(Reason) : $"{WordOf(Reason)}, \"{Note}\"";
        return string.Create(CultureInfo.InvariantCulture, $"{what}, revoked at {Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {Actor} ({why})");
    }

    /// <summary><c>certificate</c>, <c>key</c>, <c>issuer</c>, <c>tpm</c>.</summary>
    public static string WordOf(RevocationKind kind) => Lower(kind.ToString());

    /// <summary>The word of RFC 5280, as <c>keyCompromise</c>.</summary>
    public static string WordOf(RevocationReason reason) => Lower(reason.ToString());

    /// <summary>Reads such a word, in any case.</summary>
    public static bool TryReadWord<T>([NotNullWhen(true)] string? word, out T value)
        where T : struct, Enum
    {
        value = default;
        return word is not null && Enum.GetNames<T>().Contains(word, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(word, ignoreCase: true, out value);
    }

    private static string Lower(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
