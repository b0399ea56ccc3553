using Gatehouse.Contracts.Identities;
using Gatehouse.Sinks;
using Gatehouse.Sinks.Amqp;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Sinks.Webhooks;

namespace Gatehouse.Hub.Routing;

/// <summary>Opens the far end of an endpoint.</summary>
internal sealed class EndpointSinks(EndpointSeal seal, SinkOptions options, TimeProvider time)
{
    internal ISink Open(HubName hub, StoredEndpoint stored)
    {
        var endpoint = seal.Open(hub, stored);
        return endpoint.Type switch
        {
            EndpointTypes.Webhook => new WebhookSink(WebhookTarget.Parse(endpoint.Url, endpoint.Secret, out _)!, options, time),
            EndpointTypes.StorageContainer => new BlobSink(EndpointRules.BlobTargetOf(endpoint), options),
            _ => new AmqpSink(AmqpTarget.Parse(endpoint.ConnectionString, out var fault) ?? throw new FormatException(fault), options),
        };
    }
}
