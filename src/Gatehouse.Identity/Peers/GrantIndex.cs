using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gatehouse.Identity.Peers;

/// <summary>Grants by what they rest on. Safe from any thread; grants are called by nobody under its lock.</summary>
internal sealed class GrantIndex<TKey>
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, OneOrMany<Grant>> grants = [];

    internal void Add(TKey key, Grant grant)
    {
        lock (gate)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(grants, key, out _).Add(grant);
        }
    }

    internal void Remove(TKey key, Grant grant)
    {
        lock (gate)
        {
            ref var resting = ref CollectionsMarshal.GetValueRefOrNullRef(grants, key);
            if (Unsafe.IsNullRef(ref resting))
            {
                return;
            }

            resting.Remove(grant);
            if (resting.Count == 0)
            {
                grants.Remove(key);
            }
        }
    }

    internal Grant[] Find(TKey key)
    {
        lock (gate)
        {
            return grants.TryGetValue(key, out var resting) ? [.. resting.Items] : [];
        }
    }

    internal Grant[] FindAll(Predicate<TKey> isWanted)
    {
        lock (gate)
        {
            return [.. grants.Where(each => isWanted(each.Key)).SelectMany(each => each.Value.Items)];
        }
    }
}
