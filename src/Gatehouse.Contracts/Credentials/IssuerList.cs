using System.Globalization;

namespace Gatehouse.Contracts.Credentials;

/// <summary>What becomes of those whom a CA has certified while its revocation list is missing or past its time.</summary>
public enum StaleListRule
{
    /// <summary>They are let in by what is known; the default.</summary>
    Accept,

    /// <summary>Nobody new is let in until there is a list of today. Who is connected stays.</summary>
    Refuse,
}

/// <summary>The certificate revocation list (CRL) of an outside CA as it is in force in a hub, and the CA's rule. Immutable.</summary>
/// <remarks>What it lists stays revoked whatever the clock says; the clock decides only whether it is stale.</remarks>
public sealed record IssuerList
{
    /// <summary>Of the CA's name and key.</summary>
    public required CertificateMark Issuer { get; init; }

    /// <summary>Name of the CA certificate in the hub when the list was taken.</summary>
    public required string CaName { get; init; }

    /// <summary>DER of the CA's certificate.</summary>
    public required ReadOnlyMemory<byte> Authority { get; init; }

    public required StaleListRule Stale { get; init; }

    /// <summary>CRL number, decimal; null while there is no list, only a rule.</summary>
    public string? Number { get; init; }

    /// <summary>When the next list was due; null while there is none.</summary>
    public DateTimeOffset? NextUpdate { get; init; }

    public required RevokedSerials Serials { get; init; }

    /// <summary>Whether it is missing or past its time.</summary>
    public bool IsStale(DateTimeOffset now) => NextUpdate is not { } due || now > due;

    /// <summary>Its entry in the words of an entry of the hub's own; null when there is none.</summary>
    /// <param name="serial">Serial number of a certificate of this issuer.</param>
    /// <param name="mark">Mark of that certificate's issuer and number.</param>
    public Revocation? Find(CertificateSerial serial, CertificateMark mark) => Serials.Find(serial) is not { } found ? null : new Revocation
    {
        Mark = mark,
        Kind = RevocationKind.Certificate,
        Reason = found.Reason ?? RevocationReason.Unspecified,
        Time = found.Time,
        Actor = $"CRL {Number} of CA '{CaName}'",
        SerialNumber = serial.ToString(),
    };

    /// <summary>The end of a sentence for those whom <see cref="StaleListRule.Refuse"/> keeps out.</summary>
    public string DescribeStale() => NextUpdate is { } due
        ? string.Create(CultureInfo.InvariantCulture, $"cannot be judged: CRL {Number} of CA '{CaName}' was to be followed by {due.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, and the CA's rule is to refuse then")
        : $"cannot be judged: there is no CRL of CA '{CaName}', and the CA's rule is to refuse then";
}
