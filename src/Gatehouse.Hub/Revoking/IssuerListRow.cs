using System.Globalization;
using System.Numerics;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Revoking;

/// <summary>A row of <c>revocation_lists</c>.</summary>
internal sealed record IssuerListRow
{
    public required string Hub { get; init; }

    public required string Issuer { get; init; }

    public required string NameKey { get; init; }

    public required string Name { get; init; }

    public required string Authority { get; init; }

    public required string Stale { get; init; }

    public required string Version { get; init; }

    public string? Number { get; init; }

    public required long IsDelta { get; init; }

    public required long ThisUpdate { get; init; }

    public required long NextUpdate { get; init; }

    public required long Entries { get; init; }

    public required byte[] Serials { get; init; }

    public string? Thumbprint { get; init; }

    public required string Actor { get; init; }

    public required long Updated { get; init; }

    public required long StaleNoted { get; init; }

    internal BigInteger? NumberValue => Number is null ? null : BigInteger.Parse(Number, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <exception cref="InvalidDataException">The row is not one that this version wrote: what it revokes must not be let in unseen.</exception>
    internal IssuerList ToList() =>
        CertificateMark.TryParse(Issuer, out var issuer) && Revocation.TryReadWord<StaleListRule>(Stale, out var rule) && RevokedSerials.TryRead(Serials, out var serials)
            ? new IssuerList
            {
                Issuer = issuer,
                CaName = Name,
                Authority = Convert.FromBase64String(Authority),
                Stale = rule,
                Number = Number,
                NextUpdate = Number is null ? null : new DateTimeOffset(NextUpdate, TimeSpan.Zero),
                Serials = serials,
            }
            : throw new InvalidDataException($"The revocation list of CA '{Name}' of hub {Hub} is not of a kind that this version knows.");

    internal IssuerListView ToView(DateTimeOffset now) => new()
    {
        CaName = Name,
        Issuer = Issuer,
        Stale = Stale,
        Number = Number,
        IsDelta = IsDelta != 0,
        ThisUpdate = Number is null ? null : new DateTimeOffset(ThisUpdate, TimeSpan.Zero),
        NextUpdate = Number is null ? null : new DateTimeOffset(NextUpdate, TimeSpan.Zero),
        IsStale = Number is null || now.UtcTicks > NextUpdate,
        Entries = (int)Entries,
        Thumbprint = Thumbprint,
        Actor = Actor,
        Updated = new DateTimeOffset(Updated, TimeSpan.Zero),
    };
}

/// <summary>Which lists there are.</summary>
internal sealed record IssuerListVersion
{
    public required string Hub { get; init; }

    public required string Issuer { get; init; }

    public required string Version { get; init; }
}
