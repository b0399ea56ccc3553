using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries;

/// <summary>The values of a row that a query reads, without the rest of the row: a subject of its expressions.</summary>
internal sealed class RowValues : Subject
{
    private readonly Dictionary<PathExpression, int> places = new(ReferenceEqualityComparer.Instance);
    private readonly List<PathExpression> paths = [];

    /// <param name="mentioned">Every path of the expressions that will ask.</param>
    internal RowValues(IEnumerable<PathExpression> mentioned)
    {
        foreach (var path in mentioned)
        {
            var place = paths.FindIndex(other => other.IsSameAs(path));
            if (place < 0)
            {
                place = paths.Count;
                paths.Add(path);
            }

            places[path] = place;
        }
    }

    /// <summary>What is to be read of a row: each path once.</summary>
    internal IReadOnlyList<PathExpression> Paths => paths;

    /// <summary>Value of each path, in their order; others for each row.</summary>
    internal IReadOnlyList<Value> Current { get; set; } = [];

    internal override Value Find(PathExpression path) => Current[places[path]];
}

/// <summary>The chosen values of a row.</summary>
/// <param name="Device">Where it is.</param>
/// <param name="Module">Empty for devices.</param>
/// <param name="Values">In the order of <see cref="RowValues.Paths"/>.</param>
internal readonly record struct ValueRow(string Device, string Module, Value[] Values);
