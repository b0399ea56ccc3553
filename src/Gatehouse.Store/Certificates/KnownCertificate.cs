using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Certificates;

namespace Gatehouse.Store.Certificates;

/// <summary>A certificate that a hub or a provisioning service knows. A row of <c>known_certificates</c>, or one that stands elsewhere (<see cref="IStandingCertificates"/>).</summary>
public sealed record KnownCertificate
{
    // Names are a stranger's text; what is longer tells an operator nothing more.
    private const int MaxNameCharacters = 256;

    /// <summary>Hub or provisioning service.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>A word of <see cref="CertificateKinds"/>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Who uses it: device id, registration id, name of the CA certificate, the policy or the enrollment; empty for what devices send beside their own.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Empty but for modules.</summary>
    public string Module { get; init; } = "";

    /// <summary>SHA-256, hexadecimal in capitals.</summary>
    public string Thumbprint { get; init; } = "";

    /// <summary>Distinguished name, at most 256 characters.</summary>
    public string Subject { get; init; } = "";

    public string Issuer { get; init; } = "";

    /// <summary>Hexadecimal in capitals; of a revocation list its number; empty when it is not known.</summary>
    public string Serial { get; init; } = "";

    /// <summary><c>ec-p256</c>, <c>ec-p384</c>, <c>ec-p521</c>, <c>rsa-</c> and its bits, or the algorithm's identifier; empty for lists.</summary>
    public string KeyType { get; init; } = "";

    /// <summary>Ticks of UTC, as all times here.</summary>
    public long NotBefore { get; init; }

    /// <summary>Of a revocation list: when the next one is due.</summary>
    public long NotAfter { get; init; }

    /// <summary>SHA-256 of the CA at the end of its path; empty for none.</summary>
    public string Authority { get; init; } = "";

    /// <summary>0: revoked, replaced, or its owner is gone.</summary>
    public long IsCurrent { get; init; } = 1;

    /// <summary>Or when it was issued; 0 for never.</summary>
    public long FirstSeen { get; init; }

    /// <summary>0 for never.</summary>
    public long LastSeen { get; init; }

    /// <summary>When its alarms are to be looked at next; 0 for no more.</summary>
    public long NextAlarm { get; init; }

    internal InventoryPlace Place => new(NotAfter, Thumbprint, Kind, Owner, Module);

    internal string Name => Module.Length == 0 ? Owner : $"{Owner}/{Module}";

    /// <summary>What a certificate says of itself; null for bytes that are none. Nothing is judged.</summary>
    public static KnownCertificate? Read(ReadOnlySpan<byte> der)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return Read(certificate);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>What a certificate says of itself.</summary>
    /// <exception cref="CryptographicException">Its name or its key cannot be read.</exception>
    public static KnownCertificate Read(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new KnownCertificate
        {
            Thumbprint = Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span)),
            Subject = Storable(certificate.Subject),
            Issuer = Storable(certificate.Issuer),
            Serial = certificate.SerialNumber,
            KeyType = KeyTypeOf(certificate),
            NotBefore = certificate.NotBefore.ToUniversalTime().Ticks,
            NotAfter = certificate.NotAfter.ToUniversalTime().Ticks,
        };
    }

    /// <summary>Whether it comes behind a place, by the order of ordinals; of stored ones the store decides.</summary>
    internal bool IsAfter(InventoryPlace place)
    {
        var order = NotAfter.CompareTo(place.End);
        order = order != 0 ? order : string.CompareOrdinal(Thumbprint, place.Thumbprint);
        order = order != 0 ? order : string.CompareOrdinal(Kind, place.Kind);
        order = order != 0 ? order : string.CompareOrdinal(Owner, place.Owner);
        return (order != 0 ? order : string.CompareOrdinal(Module, place.Module)) > 0;
    }

    internal CertificateView ToView(long now) => new()
    {
        Kind = Kind,
        UsedBy = NullIfEmpty(Name),
        Subject = Subject,
        Issuer = Issuer,
        SerialNumber = NullIfEmpty(Serial),
        Sha256Thumbprint = Thumbprint,
        KeyType = NullIfEmpty(KeyType),
        NotBefore = new DateTime(NotBefore, DateTimeKind.Utc),
        NotAfter = new DateTime(NotAfter, DateTimeKind.Utc),
        Status = NotAfter < now ? "ended" : IsCurrent == 0 ? "former" : "current",
        AuthoritySha256 = NullIfEmpty(Authority),
        FirstSeen = FirstSeen == 0 ? null : new DateTime(FirstSeen, DateTimeKind.Utc),
        LastSeen = LastSeen == 0 ? null : new DateTime(LastSeen, DateTimeKind.Utc),
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    // PostgreSQL takes no NUL and no half of a pair, and one row that it does not take would hold all others up.
    private static string Storable(string text) => string.Create(Math.Min(text.Length, MaxNameCharacters), text, static (span, from) =>
    {
        for (var at = 0; at < span.Length; at++)
        {
            span[at] = char.IsControl(from[at]) || char.IsSurrogate(from[at]) ? '?' : from[at];
        }
    });

    private static string KeyTypeOf(X509Certificate2 certificate)
    {
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is not null)
            {
                return $"rsa-{rsa.KeySize}";
            }

            using var ec = certificate.GetECDsaPublicKey();
            return ec is not null ? $"ec-p{ec.KeySize}" : certificate.PublicKey.Oid.Value ?? "";
        }
        catch (CryptographicException)
        {
            // A curve that the platform does not know.
            return certificate.PublicKey.Oid.Value ?? "";
        }
    }
}
