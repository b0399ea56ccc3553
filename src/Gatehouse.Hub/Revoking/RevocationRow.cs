using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.Revoking;

/// <summary>A row of <c>revocations</c>.</summary>
internal sealed record RevocationRow
{
    public required string Hub { get; init; }

    public required string Mark { get; init; }

    public required string Kind { get; init; }

    public required string Reason { get; init; }

    public string? Note { get; init; }

    public string? Subject { get; init; }

    public string? Issuer { get; init; }

    public string? SerialNumber { get; init; }

    /// <summary>Base64 of the DER; CAs only.</summary>
    public string? Authority { get; init; }

    public required string Actor { get; init; }

    /// <summary>Ticks of UTC.</summary>
    public required long Created { get; init; }

    public required long Sequence { get; init; }

    internal static RevocationRow From(string hub, Revocation entry) => new()
    {
        Hub = hub,
        Mark = entry.Mark.ToString(),
        Kind = Revocation.WordOf(entry.Kind),
        Reason = Revocation.WordOf(entry.Reason),
        Note = entry.Note,
        Subject = entry.Subject,
        Issuer = entry.Issuer,
        SerialNumber = entry.SerialNumber,
        Authority = entry.Authority.IsEmpty ? null : Convert.ToBase64String(entry.Authority.Span),
        Actor = entry.Actor,
        Created = entry.Time.UtcTicks,
        Sequence = entry.Sequence,
    };

    /// <exception cref="InvalidDataException">The row is not one that this version wrote: what it revokes must not be let in unseen.</exception>
    internal Revocation ToEntry()
    {
        if (!CertificateMark.TryParse(Mark, out var mark)
            || !Revocation.TryReadWord<RevocationKind>(Kind, out var kind)
            || !Revocation.TryReadWord<RevocationReason>(Reason, out var reason))
        {
            throw new InvalidDataException($"The revocation '{Mark}' of hub {Hub} is of a kind that this version does not know.");
        }

        var authority = Authority is null ? [] : Convert.FromBase64String(Authority);
        return new Revocation
        {
            Mark = mark,
            Kind = kind,
            Reason = reason,
            Note = Note,
            Subject = Subject,
            Issuer = Issuer,
            SerialNumber = SerialNumber,
            Authority = authority,
            AuthorityName = authority.Length > 0 && CertificateOutline.TryRead(authority, out var outline) ? outline.SubjectName : null,
            Actor = Actor,
            Time = new DateTimeOffset(Created, TimeSpan.Zero),
            Sequence = Sequence,
        };
    }
}

/// <summary>How far a hub's list has come.</summary>
internal sealed record RevocationChange
{
    public required string Hub { get; init; }

    public required long Sequence { get; init; }

    public required long Undone { get; init; }
}
