using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation;

/// <summary>All kinds of plans, by name.</summary>
internal sealed class RotationKinds(IEnumerable<IRotationKind> all)
{
    private readonly Dictionary<string, IRotationKind> kinds = all.ToDictionary(static each => each.Name, StringComparer.Ordinal);

    /// <param name="own">Kinds of hubs.</param>
    /// <param name="foreign">What other rooms keep.</param>
    internal static RotationKinds Of(IEnumerable<IRotationKind> own, IEnumerable<IRotatedKeys> foreign) => new([.. own, .. foreign.Select(static each => new ForeignKeyRotation(each))]);

    /// <summary>Only those of hubs, or only those of others: at either door nobody sees the plans of the other, whatever the names of tenants.</summary>
    internal RotationKinds OnlyOf(bool hubs) => new(kinds.Values.Where(each => each.Tenants is null == hubs));

    /// <summary>Tenants that are no hubs.</summary>
    internal IEnumerable<HubName> Tenants => kinds.Values.SelectMany(static each => each.Tenants ?? []);

    internal string Names => string.Join(" or ", kinds.Keys.Order(StringComparer.Ordinal));

    /// <summary>Null for one that this version does not know.</summary>
    internal IRotationKind? Find(string? name) => name is null ? null : kinds.GetValueOrDefault(name);
}
