namespace Gatehouse.Hub.Routing;

/// <summary>The types of custom endpoints.</summary>
public static class EndpointTypes
{
    public const string EventHub = "eventHub";
    public const string ServiceBusQueue = "serviceBusQueue";
    public const string ServiceBusTopic = "serviceBusTopic";
    public const string StorageContainer = "storageContainer";
    public const string Webhook = "webhook";

    public static IReadOnlyList<string> All { get; } = [EventHub, ServiceBusQueue, ServiceBusTopic, StorageContainer, Webhook];
}
