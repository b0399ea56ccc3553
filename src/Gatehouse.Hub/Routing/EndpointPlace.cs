using Gatehouse.Contracts.Identities;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>An endpoint's queue, with the names that it goes by.</summary>
internal sealed record EndpointPlace(HubName Hub, string Id, string Name, string Type, IEventLog Queue);
