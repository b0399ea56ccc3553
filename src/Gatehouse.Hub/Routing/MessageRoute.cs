namespace Gatehouse.Hub.Routing;

/// <summary>A rule that sends messages of one source to an endpoint.</summary>
/// <remarks>Names of the management API's RouteProperties. Source: the resource model of Microsoft.Devices.</remarks>
public sealed record MessageRoute
{
    /// <summary>1–64 characters of A-Z a-z 0-9 - . _; unique in the hub, without regard to case.</summary>
    public string Name { get; init; } = "";

    /// <summary>One of <see cref="RouteSource"/>, by name.</summary>
    public string Source { get; init; } = "";

    /// <summary>A condition of the routing query language. Default, and for null or empty: <c>true</c>.</summary>
    public string? Condition { get; init; } = "true";

    /// <summary>Exactly one: <c>events</c> or a custom endpoint.</summary>
    public IReadOnlyList<string>? EndpointNames { get; init; }

    public bool IsEnabled { get; init; } = true;
}
