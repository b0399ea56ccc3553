namespace Gatehouse.Hub.Routing;

/// <summary>A custom endpoint: where routed messages go beside the built-in <c>events</c>.</summary>
/// <remarks>Names of the management API's Routing…Properties; <c>webhook</c> is Gatehouse's own. Which properties count depends on <see cref="Type"/>.</remarks>
public sealed record RoutingEndpoint
{
    /// <summary>Name of the endpoint that every hub is born with, read over the Event-Hubs-compatible door.</summary>
    public const string BuiltIn = "events";

    /// <summary>1–64 characters of A-Z a-z 0-9 - . _; unique in the hub over all types.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>eventHub</c>, <c>serviceBusQueue</c>, <c>serviceBusTopic</c>, <c>storageContainer</c> or <c>webhook</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary>Made by the hub; names the endpoint's queue, so that a later endpoint of the same name starts empty.</summary>
    public string Id { get; init; } = "";

    /// <summary><c>Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…</c>, or of a storage account. In answers with its key masked.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Container of a storage account.</summary>
    public string? ContainerName { get; init; }

    /// <summary>Name of each blob. Default <c>{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}</c>; all of these must occur once, in any order.</summary>
    public string? FileNameFormat { get; init; }

    /// <summary>How long events are gathered for a blob. Seconds, 60–720, default 300.</summary>
    public int? BatchFrequencyInSeconds { get; init; }

    /// <summary>Size at which a blob is written before that. Bytes, 10,485,760–524,288,000, default 314,572,800.</summary>
    public long? MaxChunkSizeInBytes { get; init; }

    /// <summary><c>Avro</c> (default), <c>AvroDeflate</c> or <c>JSON</c>.</summary>
    public string? Encoding { get; init; }

    /// <summary>Where a webhook is called: an https URL. In answers without its query.</summary>
    public string? Url { get; init; }

    /// <summary>Key of a webhook's signature: 16–256 characters. In answers masked.</summary>
    public string? Secret { get; init; }

    /// <summary><c>keyBased</c>, the only one for now.</summary>
    public string? AuthenticationType { get; init; }

    public string? SubscriptionId { get; init; }

    public string? ResourceGroup { get; init; }

    public override string ToString() => $"{Type} endpoint {Name} ***";
}
