using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Events;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Routing;

/// <summary>What routers of all hubs share.</summary>
internal sealed record RoutingParts(
    Database Database, HubLogs Logs, Twins.Twins Twins, EndpointSinks Sinks, DeliveryMemory Memory, ISignals Signals, RoutingOptions Options, RoutingMetrics Metrics, TimeProvider Time, ILogger Log);
