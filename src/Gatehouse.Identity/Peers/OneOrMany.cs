namespace Gatehouse.Identity.Peers;

/// <summary>A set that mostly holds nothing or one thing, on each of many idle connections: a set of its own is made for the second. Guarded by whoever holds it.</summary>
internal struct OneOrMany<T>
    where T : class
{
    // Nothing, a T, or a HashSet of them.
    private object? held;

    internal readonly int Count => held switch
    {
        null => 0,
        HashSet<T> many => many.Count,
        _ => 1,
    };

    internal readonly IReadOnlyCollection<T> Items => held switch
    {
        null => [],
        HashSet<T> many => many,
        var one => [(T)one],
    };

    internal void Add(T item)
    {
        if (held is HashSet<T> many)
        {
            many.Add(item);
        }
        else if (held is null)
        {
            held = item;
        }
        else if (!ReferenceEquals(held, item))
        {
            held = new HashSet<T> { (T)held, item };
        }
    }

    internal void Remove(T item)
    {
        if (held is HashSet<T> many)
        {
            many.Remove(item);
        }
        else if (ReferenceEquals(held, item))
        {
            held = null;
        }
    }

    internal void Clear() => held = null;
}
