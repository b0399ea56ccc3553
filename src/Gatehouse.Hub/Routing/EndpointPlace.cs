using Gatehouse.Contracts.Identities;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>An endpoint's queue and dead letters, with the names that they go by.</summary>
internal sealed record EndpointPlace(HubName Hub, string Id, string Name, string Type, IEventLog Queue, IEventLog DeadLetters);
