using System.Globalization;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries;

/// <summary>Groups rows and aggregates them; holds no row.</summary>
internal sealed class Grouping(Query query, int maxGroups, int maxKeyCharacters)
{
    private readonly SortedDictionary<string, Group> groups = new(StringComparer.Ordinal);
    private long keyCharacters;

    /// <summary>False when there would be too many groups, or too much in their keys.</summary>
    /// <param name="subject">A row.</param>
    /// <param name="rows">Rows that are like it.</param>
    internal bool TryAdd(Subject subject, long rows = 1)
    {
        var values = query.GroupBy.Select(path => path.Evaluate(subject)).ToArray();
        var key = string.Concat(values.Select(KeyOf));
        if (!groups.TryGetValue(key, out var group))
        {
            keyCharacters += key.Length;
            if (groups.Count == maxGroups || keyCharacters > maxKeyCharacters)
            {
                return false;
            }

            groups[key] = group = new Group([.. values.Select(Detach)], query.Columns!.Count);
        }

        for (var i = 0; i < query.Columns!.Count; i++)
        {
            group.Totals[i].Add(query.Columns[i].Expression?.Evaluate(subject) ?? Value.Undefined, rows);
        }

        group.Rows += rows;
        return true;
    }

    /// <summary>Rows that were counted elsewhere, of the one group that there is.</summary>
    internal void AddRows(long rows) => groups[""] = new Group([], query.Columns!.Count) { Rows = rows };

    /// <summary>Rows of the answer, always in the same order; without GROUP BY exactly one.</summary>
    internal IReadOnlyList<IReadOnlyList<(string Name, Value Value)>> Rows()
    {
        if (groups.Count == 0 && query.GroupBy.Count == 0)
        {
            AddRows(0);
        }

        return [.. groups.Values.Select(Row)];
    }

    private List<(string Name, Value Value)> Row(Group group) => [.. query.Columns!.Select((column, i) => (column.Name, ValueOf(group, column, i)))];

    private Value ValueOf(Group group, Column column, int index) => column.Kind switch
    {
        ColumnKind.Count => Value.Of((double)group.Rows),
        ColumnKind.Value => group.Values[IndexOf(column)],
        _ => group.Totals[index].Show(column.Kind),
    };

    private int IndexOf(Column column)
    {
        var index = 0;
        while (!query.GroupBy[index].IsSameAs((PathExpression)column.Expression!))
        {
            index++;
        }

        return index;
    }

    private static string KeyOf(Value value)
    {
        var text = value.Kind switch
        {
            ValueKind.Number => value.Number.ToString("R", CultureInfo.InvariantCulture),
            ValueKind.Text => value.TextString,
            ValueKind.Array or ValueKind.Object => value.Element.GetRawText(),
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(int)value.Kind}:{text.Length}:{text}");
    }

    /// <summary>A copy that outlives the document.</summary>
    private static Value Detach(Value value) => value.Kind is ValueKind.Array or ValueKind.Object ? Value.Of(value.Element.Clone()) : value;

    private sealed class Group(Value[] values, int columns)
    {
        internal Value[] Values { get; } = values;

        internal long Rows { get; set; }

        internal Total[] Totals { get; } = [.. Enumerable.Range(0, columns).Select(_ => new Total())];
    }

    /// <summary>Aggregates of the numbers of one column (smallest and largest of texts where there is no number); other types do not count.</summary>
    private sealed class Total
    {
        private long count;
        private double sum;
        private Value smallest;
        private Value largest;

        internal void Add(in Value value, long rows)
        {
            if (value.Kind == ValueKind.Number)
            {
                count += rows;
                sum += value.Number * rows;
            }

            smallest = IsBefore(value, smallest, -1) ? value : smallest;
            largest = IsBefore(value, largest, 1) ? value : largest;
        }

        internal Value Show(ColumnKind kind) => kind switch
        {
            ColumnKind.Sum => count == 0 ? Value.Undefined : Value.Of(sum),
            ColumnKind.Average => count == 0 ? Value.Undefined : Value.Of(sum / count),
            ColumnKind.Minimum => smallest,
            _ => largest,
        };

        // A number comes before a text, so that the order of the rows does not decide.
        private static bool IsBefore(in Value value, in Value present, int sign) =>
            value.Kind is ValueKind.Number or ValueKind.Text
            && (present.Kind == value.Kind ? Math.Sign(Value.Order(value, present) ?? 0) == sign : present.Kind == ValueKind.Undefined || value.Kind == ValueKind.Number);
    }
}
