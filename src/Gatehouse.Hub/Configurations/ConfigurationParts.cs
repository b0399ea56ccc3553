using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Hubs;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>What looking after configurations needs.</summary>
internal sealed record ConfigurationParts(
    Database Database,
    HubDirectory Directory,
    ISignals Signals,
    ConfigurationSets Sets,
    PendingTwins Pending,
    ConfigurationApplier Applier,
    ConfigurationSweeps Sweeps,
    ConfigurationMetrics Metrics,
    ConfigurationOptions Options,
    TimeProvider Time,
    ILogger<ConfigurationRunner> Log);
