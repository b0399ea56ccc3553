using System.Text.Json.Serialization;

namespace Gatehouse.Hub.Routing;

/// <summary>The routing of a hub as it is stored.</summary>
internal sealed record StoredRouting
{
    public IReadOnlyList<StoredEndpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<MessageRoute> Routes { get; init; } = [];

    public FallbackRoute FallbackRoute { get; init; } = new();

    public IReadOnlyList<MessageEnrichment> Enrichments { get; init; } = [];

    [JsonIgnore]
    public string ETag { get; init; } = "";

    internal StoredEndpoint? FindEndpoint(string name) => Endpoints.FirstOrDefault(each => RoutingRules.IsSame(each.Shown.Name, name));

    internal RoutingProperties Show() => new()
    {
        Endpoints = [.. Endpoints.Select(each => each.Shown)],
        Routes = Routes,
        FallbackRoute = FallbackRoute,
        Enrichments = Enrichments,
        ETag = ETag,
    };
}

/// <summary>An endpoint as it is stored.</summary>
internal sealed record StoredEndpoint
{
    /// <summary>With its secrets masked.</summary>
    public required RoutingEndpoint Shown { get; init; }

    /// <summary>The secrets, sealed under the endpoint's id.</summary>
    public required byte[] Secrets { get; init; }

    public override string ToString() => Shown.ToString();
}

/// <summary>What of an endpoint is secret.</summary>
internal sealed record EndpointSecrets(string? ConnectionString, string? Url, string? Secret)
{
    public override string ToString() => "***";
}

/// <summary>JSON of the stored document.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredRouting))]
[JsonSerializable(typeof(EndpointSecrets))]
internal sealed partial class RoutingJson : JsonSerializerContext;
