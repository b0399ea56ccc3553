namespace Gatehouse.Transport.Amqp.Sessions;

/// <summary>
/// Sessions by channel, links by handle: what a peer numbers. Most connections have one session and a few links, and most of them are idle, so the first few
/// stand in an array; a dictionary is made for more. Guarded by the connection's gate.
/// </summary>
internal struct NumberTable<T>
    where T : class
{
    /// <summary>As many are looked through one by one.</summary>
    internal const int Few = 4;

    private (uint Number, T Item)[]? few;
    private Dictionary<uint, T>? many;
    private int count;

    internal readonly int Count => many?.Count ?? count;

    internal readonly IEnumerable<T> Items => many is not null ? many.Values : Listed();

    internal readonly T? Find(uint number)
    {
        if (many is not null)
        {
            return many.GetValueOrDefault(number);
        }

        var place = PlaceOf(number);
        return place < 0 ? null : few![place].Item;
    }

    /// <summary>Takes the place of what had the number.</summary>
    internal void Set(uint number, T item)
    {
        if (many is not null)
        {
            many[number] = item;
            return;
        }

        var place = PlaceOf(number);
        if (place >= 0)
        {
            few![place].Item = item;
        }
        else if (count < Few)
        {
            if (few is null || few.Length == count)
            {
                Array.Resize(ref few, count + 1);
            }

            few[count++] = (number, item);
        }
        else
        {
            many = new Dictionary<uint, T>(2 * Few) { [number] = item };
            foreach (var each in few!)
            {
                many.Add(each.Number, each.Item);
            }

            (few, count) = (null, 0);
        }
    }

    internal bool Remove(uint number)
    {
        if (many is not null)
        {
            return many.Remove(number);
        }

        var place = PlaceOf(number);
        if (place < 0)
        {
            return false;
        }

        few![place] = few[--count];
        few[count] = default;
        return true;
    }

    internal void Clear() => (few, many, count) = (null, null, 0);

    private readonly int PlaceOf(uint number)
    {
        for (var i = 0; i < count; i++)
        {
            if (few![i].Number == number)
            {
                return i;
            }
        }

        return -1;
    }

    private readonly IEnumerable<T> Listed() => count == 0 ? [] : few!.Take(count).Select(static each => each.Item);
}
