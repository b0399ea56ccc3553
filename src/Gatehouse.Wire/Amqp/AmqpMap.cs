using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>A map of an object tree: pairs in the order of the wire. Look-up is linear: maps of the protocol hold a handful of keys.</summary>
/// <remarks>When a key is repeated, which the standard forbids, the first one counts.</remarks>
public sealed class AmqpMap : IReadOnlyCollection<KeyValuePair<object, object?>>
{
    private readonly List<KeyValuePair<object, object?>> pairs;

    public AmqpMap() => pairs = [];

    internal AmqpMap(int capacity) => pairs = new List<KeyValuePair<object, object?>>(capacity);

    public int Count => pairs.Count;

    /// <param name="key">Any value but null; a <see cref="Symbol"/> in property, annotation and filter maps, a string in application properties.</param>
    /// <param name="value">Any value of an object tree.</param>
    public void Add(object key, object? value) => pairs.Add(new KeyValuePair<object, object?>(key, value));

    /// <summary>Adds a pair whose key is a symbol.</summary>
    public void AddSymbol(string key, object? value) => Add(new Symbol(key), value);

    /// <summary>Finds a value by the text of its key, string or symbol.</summary>
    public bool TryGet(string key, out object? value)
    {
        foreach (var pair in pairs)
        {
            if (Text(pair.Key) == key)
            {
                value = pair.Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The value as text when it is a string or a symbol.</summary>
    public bool TryGetText(string key, [NotNullWhen(true)] out string? text)
    {
        text = TryGet(key, out var value) ? Text(value) : null;
        return text is not null;
    }

    /// <summary>The value when it is an integer of any width that fits a long, or a timestamp.</summary>
    public bool TryGetInteger(string key, out long number)
    {
        long? found = TryGet(key, out var value)
            ? value switch
            {
                byte v => v,
                sbyte v => v,
                ushort v => v,
                short v => v,
                uint v => v,
                int v => v,
                ulong v and <= long.MaxValue => (long)v,
                long v => v,
                AmqpTimestamp v => v.UnixMilliseconds,
                _ => null,
            }
            : null;
        number = found ?? 0;
        return found is not null;
    }

    public List<KeyValuePair<object, object?>>.Enumerator GetEnumerator() => pairs.GetEnumerator();

    IEnumerator<KeyValuePair<object, object?>> IEnumerable<KeyValuePair<object, object?>>.GetEnumerator() => pairs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => pairs.GetEnumerator();

    private static string? Text(object? value) => value switch
    {
        string text => text,
        Symbol symbol => symbol.Value,
        _ => null,
    };
}
