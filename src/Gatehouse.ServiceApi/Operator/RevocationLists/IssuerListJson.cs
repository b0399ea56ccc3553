using Gatehouse.Hub.Revoking;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary>A CA's revocation list and rule in answers.</summary>
internal sealed record IssuerListJson
{
    public required string CaName { get; init; }

    public required string Issuer { get; init; }

    /// <summary><c>accept</c> or <c>refuse</c>.</summary>
    public required string Stale { get; init; }

    public string? Number { get; init; }

    public required bool IsDelta { get; init; }

    public DateTime? ThisUpdate { get; init; }

    public DateTime? NextUpdate { get; init; }

    public required bool IsStale { get; init; }

    public required int Entries { get; init; }

    public string? Thumbprint { get; init; }

    public required string Actor { get; init; }

    public required DateTime Updated { get; init; }

    internal static IssuerListJson From(IssuerListView list) => new()
    {
        CaName = list.CaName,
        Issuer = list.Issuer,
        Stale = list.Stale,
        Number = list.Number,
        IsDelta = list.IsDelta,
        ThisUpdate = list.ThisUpdate?.UtcDateTime,
        NextUpdate = list.NextUpdate?.UtcDateTime,
        IsStale = list.IsStale,
        Entries = list.Entries,
        Thumbprint = list.Thumbprint,
        Actor = list.Actor,
        Updated = list.Updated.UtcDateTime,
    };
}

/// <summary>What an import or a rule did, or would do.</summary>
/// <param name="List">As it is then.</param>
/// <param name="IsNew">False when nothing changed.</param>
/// <param name="Added">Entries that are new.</param>
/// <param name="Removed">Entries that are gone.</param>
/// <param name="Live">Devices and modules connected to this node that it concerns; not all of very many.</param>
/// <param name="LiveCount">How many.</param>
internal sealed record IssuerListEffectJson(IssuerListJson List, bool IsNew, int Added, int Removed, IReadOnlyList<string> Live, int LiveCount)
{
    internal static IssuerListEffectJson From(IssuerListEffect effect) =>
        new(IssuerListJson.From(effect.List), effect.IsNew, effect.Added, effect.Removed, effect.Live, effect.LiveCount);
}

/// <summary>Body of PUT …/rule.</summary>
internal sealed record IssuerListRuleBody(string? Stale);
