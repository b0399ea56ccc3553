using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Jobs;

/// <summary>Which devices or modules a <c>queryCondition</c> names.</summary>
/// <remarks>Observed: <c>*</c> of the Azure CLI, conditions of the SDKs' samples, and <c>FROM devices.modules WHERE …</c>, which C# back ends send to reach modules.</remarks>
internal static class JobTargets
{
    /// <summary>ArgumentInvalid with the position for what is none.</summary>
    internal static Result<Query> Parse(string? condition)
    {
        var text = condition ?? "";
        var bare = text.AsSpan().Trim();
        if (bare.IsEmpty || bare is "*")
        {
            return new Query { Source = QuerySource.Devices };
        }

        if (Begins(bare, "FROM"))
        {
            return Whole(Query.ParseTail(text));
        }

        if (Begins(bare, "SELECT"))
        {
            return Whole(Query.Parse(text));
        }

        var parsed = Condition.Parse(text, QueryScope.Twin);
        return parsed.IsOk ? new Query { Source = QuerySource.Devices, Condition = parsed.Value } : parsed.Error;
    }

    private static bool Begins(ReadOnlySpan<char> text, string word) => text.Length > word.Length && text.StartsWith(word, StringComparison.OrdinalIgnoreCase) && char.IsWhiteSpace(text[word.Length]);

    private static Result<Query> Whole(Result<Query> query) =>
        !query.IsOk ? query
        : query.Value is { Source: QuerySource.Devices or QuerySource.Modules, Columns: null, GroupBy.Count: 0, Top: null } ? query
        : HubErrors.ArgumentInvalid.With("The queryCondition of a job is a condition, or SELECT * FROM devices or devices.modules with a WHERE and nothing else.");
}
