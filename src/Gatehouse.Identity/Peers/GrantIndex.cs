namespace Gatehouse.Identity.Peers;

/// <summary>Grants by what they rest on. Safe from any thread; grants are called by nobody under its lock.</summary>
internal sealed class GrantIndex<TKey>
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, HashSet<Grant>> grants = [];

    internal void Add(TKey key, Grant grant)
    {
        lock (gate)
        {
            if (!grants.TryGetValue(key, out var set))
            {
                grants[key] = set = new HashSet<Grant>(1);
            }

            set.Add(grant);
        }
    }

    internal void Remove(TKey key, Grant grant)
    {
        lock (gate)
        {
            if (grants.TryGetValue(key, out var set) && set.Remove(grant) && set.Count == 0)
            {
                grants.Remove(key);
            }
        }
    }

    internal Grant[] Find(TKey key)
    {
        lock (gate)
        {
            return grants.TryGetValue(key, out var set) ? [.. set] : [];
        }
    }

    internal Grant[] FindAll(Predicate<TKey> isWanted)
    {
        lock (gate)
        {
            return [.. grants.Where(each => isWanted(each.Key)).SelectMany(each => each.Value)];
        }
    }
}
