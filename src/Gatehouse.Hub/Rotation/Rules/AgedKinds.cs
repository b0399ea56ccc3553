using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>Kinds of keys whose age is known, by name.</summary>
internal sealed class AgedKinds(IEnumerable<IAgedKeys> all)
{
    private readonly Dictionary<string, IAgedKeys> kinds = all.ToDictionary(static each => each.Kind, StringComparer.Ordinal);

    internal string Names => string.Join(" or ", kinds.Keys.Order(StringComparer.Ordinal));

    internal IEnumerable<IAgedKeys> All => kinds.Values;

    /// <summary>Null for one that has no age, or that this version does not know.</summary>
    internal IAgedKeys? Find(string? name) => name is null ? null : kinds.GetValueOrDefault(name);
}
