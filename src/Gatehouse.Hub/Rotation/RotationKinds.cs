namespace Gatehouse.Hub.Rotation;

/// <summary>All kinds of plans, by name.</summary>
internal sealed class RotationKinds(IEnumerable<IRotationKind> all)
{
    private readonly Dictionary<string, IRotationKind> kinds = all.ToDictionary(static each => each.Name, StringComparer.Ordinal);

    internal string Names => string.Join(" or ", kinds.Keys.Order(StringComparer.Ordinal));

    /// <summary>Null for one that this version does not know.</summary>
    internal IRotationKind? Find(string? name) => name is null ? null : kinds.GetValueOrDefault(name);
}
