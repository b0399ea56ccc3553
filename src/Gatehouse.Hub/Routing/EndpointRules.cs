using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Resources;
using Gatehouse.Sinks;
using Gatehouse.Sinks.Amqp;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Sinks.Webhooks;

namespace Gatehouse.Hub.Routing;

/// <summary>What a custom endpoint must be. Pure.</summary>
/// <remarks>Source: the resource model of Microsoft.Devices (Routing…Properties).</remarks>
internal static class EndpointRules
{
    private static readonly string[] Reserved = [RoutingEndpoint.BuiltIn, "operationsMonitoringEvents", "fileNotifications", "$default"];

    /// <summary>The endpoint with its defaults, its secrets in clear, and nothing that its type does not have.</summary>
    internal static Result<RoutingEndpoint> Check(RoutingEndpoint given, SinkOptions sinks)
    {
        if (!ResourceName.IsValid(given.Name))
        {
            return HubErrors.ArgumentInvalid.With($"The endpoint name must have {ResourceName.Rule}.");
        }

        if (Reserved.Contains(given.Name, StringComparer.OrdinalIgnoreCase))
        {
            return HubErrors.ArgumentInvalid.With($"The endpoint name '{given.Name}' is reserved.");
        }

        if (given.AuthenticationType is not (null or "" or "keyBased"))
        {
            return HubErrors.ArgumentInvalid.With("The authenticationType of an endpoint must be keyBased.");
        }

        return given.Type switch
        {
            EndpointTypes.EventHub or EndpointTypes.ServiceBusQueue or EndpointTypes.ServiceBusTopic => CheckAmqp(given, sinks),
            EndpointTypes.StorageContainer => CheckStorage(given, sinks),
            EndpointTypes.Webhook => CheckWebhook(given, sinks),
            "cosmosDBSqlContainer" => HubErrors.ArgumentInvalid.With("Cosmos DB endpoints are not supported."),
            _ => HubErrors.ArgumentInvalid.With($"The type of an endpoint must be one of {string.Join(", ", EndpointTypes.All)}."),
        };
    }

    /// <summary>The blob target of a checked endpoint.</summary>
    internal static BlobTarget BlobTargetOf(RoutingEndpoint endpoint) => new()
    {
        ConnectionString = endpoint.ConnectionString!,
        ContainerName = endpoint.ContainerName!,
        FileNameFormat = BlobNameFormat.Parse(endpoint.FileNameFormat!, out _)!,
        Encoding = Enum.Parse<BlobEncoding>(endpoint.Encoding!, ignoreCase: true),
        BatchFrequency = TimeSpan.FromSeconds(endpoint.BatchFrequencyInSeconds!.Value),
        MaxChunkBytes = endpoint.MaxChunkSizeInBytes!.Value,
    };

    private static Result<RoutingEndpoint> CheckAmqp(RoutingEndpoint given, SinkOptions sinks)
    {
        if (AmqpTarget.Parse(given.ConnectionString, out var fault) is not { } target)
        {
            return HubErrors.ArgumentInvalid.With(fault);
        }

        return target.IsPlain && !sinks.AllowPrivateAddresses
            ? HubErrors.ArgumentInvalid.With("An endpoint without TLS is taken only where private addresses are allowed (--private-endpoints).")
            : Base(given) with { ConnectionString = given.ConnectionString };
    }

    private static Result<RoutingEndpoint> CheckStorage(RoutingEndpoint given, SinkOptions sinks)
    {
        if (BlobTarget.Check(given.ConnectionString, sinks) is { } fault)
        {
            return HubErrors.ArgumentInvalid.With(fault);
        }

        if (!BlobTarget.IsContainerName(given.ContainerName))
        {
            return HubErrors.ArgumentInvalid.With("The containerName must have 3 to 63 characters of a-z 0-9 and single hyphens between them.");
        }

        if (BlobNameFormat.Parse(given.FileNameFormat is { Length: > 0 } format ? format : BlobNameFormat.Default, out var wrong) is null)
        {
            return HubErrors.ArgumentInvalid.With(wrong);
        }

        if (given.BatchFrequencyInSeconds is < 60 or > 720)
        {
            return HubErrors.ArgumentInvalid.With("The batchFrequencyInSeconds must be 60 to 720.");
        }

        if (given.MaxChunkSizeInBytes is < 10_485_760 or > 524_288_000)
        {
            return HubErrors.ArgumentInvalid.With("The maxChunkSizeInBytes must be 10485760 to 524288000.");
        }

        if (EncodingOf(given.Encoding) is not { } encoding)
        {
            return HubErrors.ArgumentInvalid.With("The encoding must be Avro, AvroDeflate or JSON.");
        }

        return Base(given) with
        {
            ConnectionString = given.ConnectionString,
            ContainerName = given.ContainerName,
            FileNameFormat = given.FileNameFormat is { Length: > 0 } own ? own : BlobNameFormat.Default,
            BatchFrequencyInSeconds = given.BatchFrequencyInSeconds ?? 300,
            MaxChunkSizeInBytes = given.MaxChunkSizeInBytes ?? 314_572_800,
            Encoding = encoding,
        };
    }

    private static Result<RoutingEndpoint> CheckWebhook(RoutingEndpoint given, SinkOptions sinks)
    {
        if (WebhookTarget.Parse(given.Url, given.Secret, out var fault) is not { } target)
        {
            return HubErrors.ArgumentInvalid.With(fault);
        }

        return target.Url.Scheme == Uri.UriSchemeHttp && !sinks.AllowPrivateAddresses
            ? HubErrors.ArgumentInvalid.With("A webhook without TLS is taken only where private addresses are allowed (--private-endpoints).")
            : Base(given) with { Url = given.Url, Secret = given.Secret };
    }

    private static string? EncodingOf(string? given) => given?.ToUpperInvariant() switch
    {
        null or "" or "AVRO" => "Avro",
        "AVRODEFLATE" => "AvroDeflate",
        "JSON" => "JSON",
        _ => null,
    };

    private static RoutingEndpoint Base(RoutingEndpoint given) => new()
    {
        Name = given.Name,
        Type = given.Type,
        Id = given.Id,
        AuthenticationType = "keyBased",
        SubscriptionId = given.SubscriptionId,
        ResourceGroup = given.ResourceGroup,
    };
}
