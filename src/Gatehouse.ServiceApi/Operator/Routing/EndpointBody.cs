using Gatehouse.Hub.Routing;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>An endpoint as it is sent.</summary>
internal sealed class EndpointBody
{
    public string? Name { get; init; }

    public string? Type { get; init; }

    public string? ConnectionString { get; init; }

    public string? ContainerName { get; init; }

    public string? FileNameFormat { get; init; }

    public int? BatchFrequencyInSeconds { get; init; }

    public long? MaxChunkSizeInBytes { get; init; }

    public string? Encoding { get; init; }

    public string? Url { get; init; }

    public string? Secret { get; init; }

    public string? AuthenticationType { get; init; }

    public string? SubscriptionId { get; init; }

    public string? ResourceGroup { get; init; }

    public override string ToString() => $"{Type} endpoint {Name} ***";

    internal RoutingEndpoint ToEndpoint(string? name) => new()
    {
        Name = name ?? "",
        Type = Type ?? "",
        ConnectionString = ConnectionString,
        ContainerName = ContainerName,
        FileNameFormat = FileNameFormat,
        BatchFrequencyInSeconds = BatchFrequencyInSeconds,
        MaxChunkSizeInBytes = MaxChunkSizeInBytes,
        Encoding = Encoding,
        Url = Url,
        Secret = Secret,
        AuthenticationType = AuthenticationType,
        SubscriptionId = SubscriptionId,
        ResourceGroup = ResourceGroup,
    };
}
