using System.Buffers;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Resources;

namespace Gatehouse.Hub.Routing;

/// <summary>What routes and enrichments must be, each by itself and all together. Pure.</summary>
/// <remarks>Source: the resource model of Microsoft.Devices (RoutingProperties).</remarks>
internal static class RoutingRules
{
    private const int MaxKeyLength = 128;

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Names are compared without regard to case.</summary>
    internal static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>The route with its defaults.</summary>
    internal static Result<MessageRoute> Check(MessageRoute given, RoutingOptions options)
    {
        if (!ResourceName.IsValid(given.Name))
        {
            return HubErrors.ArgumentInvalid.With($"The route name must have {ResourceName.Rule}.");
        }

        if (SourceOf(given.Source) is not { } source)
        {
            return HubErrors.ArgumentInvalid.With($"The source of route '{given.Name}' must be one of {string.Join(", ", Enum.GetNames<RouteSource>())}.");
        }

        if (given.EndpointNames is not [{ Length: > 0 } endpoint])
        {
            return HubErrors.ArgumentInvalid.With($"Route '{given.Name}' must name exactly one endpoint.");
        }

        var condition = string.IsNullOrWhiteSpace(given.Condition) ? "true" : given.Condition;
        if (condition.Length > options.MaxConditionLength)
        {
            return HubErrors.ArgumentInvalid.With($"The condition of route '{given.Name}' has more than {options.MaxConditionLength} characters.");
        }

        var parsed = Condition.Parse(condition, QueryScope.Message);
        return parsed.IsOk
            ? given with { Source = source.ToString(), Condition = condition, EndpointNames = [endpoint] }
            : parsed.Error.With($"The condition of route '{given.Name}': {parsed.Error.Message}");
    }

    /// <summary>The enrichment, if it is one.</summary>
    internal static Result<MessageEnrichment> Check(MessageEnrichment given, RoutingOptions options)
    {
        if (given.Key.Length is 0 or > MaxKeyLength || given.Key.AsSpan().ContainsAnyExcept(KeyCharacters))
        {
            return HubErrors.ArgumentInvalid.With($"The key of an enrichment must have 1 to {MaxKeyLength} characters of A-Z a-z 0-9 - _ .");
        }

        if (given.Value.Length == 0 || given.Value.Length > options.MaxEnrichmentValueLength)
        {
            return HubErrors.ArgumentInvalid.With($"The value of enrichment '{given.Key}' must have 1 to {options.MaxEnrichmentValueLength} characters.");
        }

        return given.EndpointNames is { Count: > 0 } names && names.All(name => !string.IsNullOrEmpty(name))
            ? given with { EndpointNames = [.. names.Distinct(StringComparer.OrdinalIgnoreCase)] }
            : HubErrors.ArgumentInvalid.With($"Enrichment '{given.Key}' must name at least one endpoint.");
    }

    /// <summary>What is wrong with the whole: counts, names that occur twice, endpoints that are not there. Null when nothing is.</summary>
    internal static HubError? Check(StoredRouting all, RoutingOptions options)
    {
        if (all.Routes.Count > options.MaxRoutes)
        {
            return HubErrors.ArgumentInvalid.With($"A hub can hold {options.MaxRoutes} routes.");
        }

        if (all.Endpoints.Count > options.MaxEndpoints)
        {
            return HubErrors.ArgumentInvalid.With($"A hub can hold {options.MaxEndpoints} custom endpoints.");
        }

        if (all.Enrichments.Count > options.MaxEnrichments)
        {
            return HubErrors.ArgumentInvalid.With($"A hub can hold {options.MaxEnrichments} enrichments.");
        }

        var twice = Twice(all.Endpoints.Select(each => each.Shown.Name)) is { } endpoint ? $"endpoint '{endpoint}'"
            : Twice(all.Routes.Select(each => each.Name)) is { } route ? $"route '{route}'"
            : Twice(all.Enrichments.Select(each => each.Key)) is { } key ? $"enrichment '{key}'"
            : null;
        if (twice is not null)
        {
            return HubErrors.ArgumentInvalid.With($"There is more than one {twice}.");
        }

        foreach (var each in all.Routes)
        {
            if (Missing(all, each.EndpointNames!) is { } missing)
            {
                return HubErrors.ArgumentInvalid.With($"Route '{each.Name}' leads to endpoint '{ResourceName.Cut(missing)}', which is not there.");
            }
        }

        foreach (var each in all.Enrichments)
        {
            if (Missing(all, each.EndpointNames!) is { } missing)
            {
                return HubErrors.ArgumentInvalid.With($"Enrichment '{each.Key}' names endpoint '{ResourceName.Cut(missing)}', which is not there.");
            }
        }

        return null;
    }

    internal static RouteSource? SourceOf(string? text) =>
        text is { Length: > 0 } && char.IsAsciiLetter(text[0]) && Enum.TryParse<RouteSource>(text, ignoreCase: true, out var source) ? source : null;

    private static string? Twice(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return names.FirstOrDefault(name => !seen.Add(name));
    }

    private static string? Missing(StoredRouting all, IReadOnlyList<string> names) =>
        names.FirstOrDefault(name => !IsSame(name, RoutingEndpoint.BuiltIn) && all.FindEndpoint(name) is null);
}
