using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Revoking;

namespace Gatehouse.ServiceApi.Operator.Revocations;

/// <summary>An entry of the revocation list in answers.</summary>
internal sealed record RevocationJson
{
    public required string Mark { get; init; }

    public required string Kind { get; init; }

    public required string Reason { get; init; }

    public string? Note { get; init; }

    public string? Subject { get; init; }

    public string? Issuer { get; init; }

    public string? SerialNumber { get; init; }

    public required DateTime Time { get; init; }

    public required string Actor { get; init; }

    /// <summary>0 for a rehearsal.</summary>
    public required long Sequence { get; init; }

    internal static RevocationJson From(Revocation entry) => new()
    {
        Mark = entry.Mark.ToString(),
        Kind = Revocation.WordOf(entry.Kind),
        Reason = Revocation.WordOf(entry.Reason),
        Note = entry.Note,
        Subject = entry.Subject,
        Issuer = entry.Issuer,
        SerialNumber = entry.SerialNumber,
        Time = entry.Time.UtcDateTime,
        Actor = entry.Actor,
        Sequence = entry.Sequence,
    };
}

/// <summary>What a revocation did, or would do.</summary>
/// <param name="Revocation">The entry.</param>
/// <param name="IsNew">False when it was on the list before.</param>
/// <param name="Live">Devices and modules that were connected to this node by it; not all of very many.</param>
/// <param name="LiveCount">How many.</param>
/// <param name="Registered">Identities that are registered with the certificate; rehearsals only.</param>
internal sealed record RevocationEffectJson(RevocationJson Revocation, bool IsNew, IReadOnlyList<string> Live, int LiveCount, IReadOnlyList<string> Registered)
{
    internal static RevocationEffectJson From(RevocationEffect effect) => new(RevocationJson.From(effect.Entry), effect.IsNew, effect.Live, effect.LiveCount, effect.Registered);
}
