namespace Gatehouse.Hub.Routing;

/// <summary>An application property that the hub adds to messages on their way to endpoints.</summary>
/// <remarks>Source: IoT Hub "Message enrichments" page.</remarks>
public sealed record MessageEnrichment
{
    /// <summary>1–128 characters of A-Z a-z 0-9 - . _; unique in the hub. A property of that name that the device sent is replaced.</summary>
    public string Key { get; init; } = "";

    /// <summary>Text, or <c>$iothubname</c>, <c>$twin.tags.…</c>, <c>$twin.properties.desired.…</c>, <c>$twin.properties.reported.…</c>; what does not resolve stays as it is written.</summary>
    public string Value { get; init; } = "";

    /// <summary>One or more: <c>events</c> or custom endpoints.</summary>
    public IReadOnlyList<string>? EndpointNames { get; init; }
}
