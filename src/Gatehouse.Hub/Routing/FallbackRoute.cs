namespace Gatehouse.Hub.Routing;

/// <summary>What takes device messages that no route wants. Only <see cref="IsEnabled"/> can be changed.</summary>
public sealed record FallbackRoute
{
    public const string RouteName = "$fallback";

    public string Name { get; init; } = RouteName;

    public string Source { get; init; } = nameof(RouteSource.DeviceMessages);

    public string? Condition { get; init; } = "true";

    public IReadOnlyList<string> EndpointNames { get; init; } = [RoutingEndpoint.BuiltIn];

    /// <summary>Default true. Off: such messages are dropped, unless the hub has no routes at all.</summary>
    public bool IsEnabled { get; init; } = true;
}
