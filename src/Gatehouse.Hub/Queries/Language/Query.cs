using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>What a query reads.</summary>
internal enum QuerySource
{
    Devices,
    Modules,
    DeviceJobs,
}

/// <summary>What a column of the answer holds.</summary>
internal enum ColumnKind
{
    /// <summary>A value of the row.</summary>
    Value,
    Count,
    Average,
    Sum,
    Minimum,
    Maximum,
}

/// <param name="Kind">Value or aggregate.</param>
/// <param name="Expression">What is shown or aggregated; null for a count.</param>
/// <param name="Name">Key in the answer.</param>
internal sealed record Column(ColumnKind Kind, Expression? Expression, string Name);

/// <summary>A parsed query.</summary>
internal sealed record Query
{
    public required QuerySource Source { get; init; }

    /// <summary>Null: <c>*</c>, whole documents.</summary>
    public IReadOnlyList<Column>? Columns { get; init; }

    public Condition Condition { get; init; } = Condition.Always;

    public IReadOnlyList<PathExpression> GroupBy { get; init; } = [];

    /// <summary>Most rows of the whole answer; null for all.</summary>
    public int? Top { get; init; }

    internal bool IsAggregate => GroupBy.Count > 0 || (Columns is { } columns && columns.Any(column => column.Kind != ColumnKind.Value));

    /// <summary>ArgumentInvalid with the position for what is no query: at most 8192 characters.</summary>
    internal static Result<Query> Parse(string text) => new QueryParser(text).Parse(isTail: false);

    /// <summary>A query that begins at its FROM and shows whole documents. Likewise.</summary>
    internal static Result<Query> ParseTail(string text) => new QueryParser(text).Parse(isTail: true);
}
