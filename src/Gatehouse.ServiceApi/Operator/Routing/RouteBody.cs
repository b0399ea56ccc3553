using Gatehouse.Hub.Routing;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>A route as it is sent.</summary>
internal sealed class RouteBody
{
    public string? Name { get; init; }

    public string? Source { get; init; }

    public string? Condition { get; init; }

    public IReadOnlyList<string>? EndpointNames { get; init; }

    /// <summary>Default true.</summary>
    public bool? IsEnabled { get; init; }

    internal MessageRoute ToRoute(string? name) =>
        new() { Name = name ?? "", Source = Source ?? "", Condition = Condition, EndpointNames = EndpointNames, IsEnabled = IsEnabled ?? true };
}

/// <summary>The fallback route as it is sent; only this of it can be changed.</summary>
internal sealed class FallbackBody
{
    public bool? IsEnabled { get; init; }
}

/// <summary>An enrichment as it is sent.</summary>
internal sealed class EnrichmentBody
{
    public string? Key { get; init; }

    public string? Value { get; init; }

    public IReadOnlyList<string>? EndpointNames { get; init; }

    internal MessageEnrichment ToEnrichment(string? key) => new() { Key = key ?? "", Value = Value ?? "", EndpointNames = EndpointNames };
}
