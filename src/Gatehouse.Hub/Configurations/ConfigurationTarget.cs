using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Configurations;

/// <summary>Which twins a configuration is for.</summary>
internal sealed class ConfigurationTarget
{
    private const string Everything = "*";
    private const string EdgeOnly = "capabilities.iotEdge = true";
    private const string Nothing = "false";
    private const string OfModules = "The target condition of modules must be FROM devices.modules WHERE and a condition.";

    private ConfigurationTarget(QuerySource source, Condition condition, string queryText) => (Source, Condition, QueryText) = (source, condition, queryText);

    internal QuerySource Source { get; }

    internal Condition Condition { get; }

    /// <summary>The query that finds the targets, as the <c>targetedCount</c> metric shows it.</summary>
    internal string QueryText { get; }

    /// <summary>What the condition looks at.</summary>
    internal IEnumerable<PathExpression> Paths => Condition.Paths;

    /// <summary>InvalidConfigurationTargetCondition.</summary>
    /// <param name="text"><c>*</c> for all, empty for none; for modules <c>FROM devices.modules WHERE …</c>.</param>
    /// <param name="kind">Of the content.</param>
    internal static Result<ConfigurationTarget> Read(string text, ContentKind kind)
    {
        text = text.Trim();
        if (CheckShape(text, kind) is { } misshapen)
        {
            return Invalid(misshapen);
        }

        var query = Query.Parse(QueryOf(text, kind));
        if (!query.IsOk)
        {
            return Invalid(query.Error.Message);
        }

        var source = kind == ContentKind.Module ? QuerySource.Modules : QuerySource.Devices;
        if (query.Value.Source != source || query.Value.GroupBy.Count > 0)
        {
            return Invalid(OfModules);
        }

        var made = new ConfigurationTarget(source, query.Value.Condition, QueryOf(text, kind));
        return made.Paths.FirstOrDefault(path => !IsAllowed(path.Steps)) is { } other
            ? Invalid($"The target condition may look at deviceId, moduleId, tags, properties.reported and capabilities.iotEdge, not at '{string.Join('.', other.Steps)}'.")
            : made;
    }

    // A condition must be one before it becomes part of a query, or it could end the brackets around it.
    private static string? CheckShape(string text, ContentKind kind) => text is "" or Everything ? null
        : kind == ContentKind.Module ? text.StartsWith("FROM", StringComparison.OrdinalIgnoreCase) ? null : OfModules
        : Condition.Parse(text, QueryScope.Twin).Error?.Message;

    private static string QueryOf(string text, ContentKind kind) => (kind, text) switch
    {
        (ContentKind.Device, Everything) => "SELECT deviceId FROM devices",
        (ContentKind.Device, _) => $"SELECT deviceId FROM devices WHERE {OrNothing(text)}",
        (ContentKind.Edge, Everything) => $"SELECT deviceId FROM devices WHERE {EdgeOnly}",
        (ContentKind.Edge, _) => $"SELECT deviceId FROM devices WHERE {EdgeOnly} AND ({OrNothing(text)})",
        (_, Everything) => "SELECT deviceId, moduleId FROM devices.modules",
        (_, "") => $"SELECT deviceId, moduleId FROM devices.modules WHERE {Nothing}",
        _ => $"SELECT deviceId, moduleId {text}",
    };

    private static string OrNothing(string text) => text.Length == 0 ? Nothing : text;

    // What changes without a word (connections, times), and what configurations themselves change, would never be evaluated or never rest.
    private static bool IsAllowed(IReadOnlyList<PathStep> steps) => steps switch
    {
        [{ Name: "deviceId" or "moduleId" }] => true,
        [{ Name: "tags" }, ..] => true,
        [{ Name: "properties" }, { Name: "reported" }, { Name: "$metadata" or "$version" }, ..] => false,
        [{ Name: "properties" }, { Name: "reported" }, ..] => true,
        [{ Name: "capabilities" }, { Name: "iotEdge" }] => true,
        _ => false,
    };

    private static HubError Invalid(string message) => HubErrors.InvalidConfigurationTargetCondition.With(message);
}
