using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Configurations;

/// <summary>Checks what a configuration says beside its content and condition.</summary>
internal static class ConfigurationRules
{
    internal const int MaxIdLength = 128;
    private const int MaxNameLength = 128;
    private const int MaxLabelLength = 512;

    // Source: "Automatic IoT device and module management" page; a lower-case id is what it asks for, blanks and what makes a query or a path of it are out.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ &^[]{}\\|\"<>/");

    /// <summary>Null when an id may be.</summary>
    internal static HubError? CheckId(string id) =>
        id.Length is 0 or > MaxIdLength || id.AsSpan().ContainsAny(Forbidden) || id.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? HubErrors.ArgumentInvalid.With($"The id of a configuration has 1 to {MaxIdLength} characters of ASCII, no capitals, blanks or & ^ [ ] {{ }} \\ | \" < > /")
            : null;

    internal static HubError? CheckLabels(JsonObject labels, ConfigurationOptions options) =>
        labels.Count > options.MaxLabels ? HubErrors.ArgumentInvalid.With($"A configuration has at most {options.MaxLabels} labels.")
        : labels.Any(label => !IsName(label.Key) || label.Value!.GetValueKind() != JsonValueKind.String || ((string)label.Value!).Length > MaxLabelLength)
            ? HubErrors.ArgumentInvalid.With($"A label has a name of 1 to {MaxNameLength} characters and a text of at most {MaxLabelLength}.")
            : null;

    internal static HubError? CheckMetrics(JsonObject metrics, ConfigurationOptions options)
    {
        if (metrics.Count > options.MaxMetrics)
        {
            return Invalid($"A configuration has at most {options.MaxMetrics} metrics of its own.");
        }

        foreach (var (name, query) in metrics)
        {
            if (!IsName(name) || query!.GetValueKind() != JsonValueKind.String)
            {
                return Invalid($"A metric has a name of 1 to {MaxNameLength} characters and a query.");
            }

            if (CheckMetric((string)query!) is { } fault)
            {
                return Invalid($"Metric '{name}': {fault}");
            }
        }

        return null;
    }

    /// <summary>Null when a query may be a metric.</summary>
    internal static string? CheckMetric(string text)
    {
        var query = Query.Parse(text);
        return !query.IsOk ? query.Error.Message : query.Value.Source == QuerySource.DeviceJobs ? "a metric counts devices or modules, not jobs." : null;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && !name.Any(char.IsControl);

    private static HubError Invalid(string message) => HubErrors.InvalidConfigurationCustomMetricsQuery.With(message);
}
