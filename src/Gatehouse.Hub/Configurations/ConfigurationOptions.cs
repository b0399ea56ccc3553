namespace Gatehouse.Hub.Configurations;

/// <summary>Limits of automatic device management.</summary>
public sealed record ConfigurationOptions
{
    /// <summary>Configurations per hub.</summary>
    /// <remarks>0–1,000, default 100. One more: IotHubQuotaExceeded (403002). Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxConfigurations { get; init; } = 100;

    /// <summary>Custom metrics of one configuration.</summary>
    /// <remarks>0–100, default 5. One more: InvalidConfigurationCustomMetricsQuery. Source: "Automatic IoT device and module management" page.</remarks>
    public int MaxMetrics { get; init; } = 5;

    /// <summary>Modules of one Edge deployment, <c>$edgeAgent</c> and <c>$edgeHub</c> not counted.</summary>
    /// <remarks>1–100, default 50. One more: InvalidConfigurationContent. Source: IoT Hub "Quotas and throttling" page (20; later documents 50).</remarks>
    public int MaxEdgeModules { get; init; } = 50;

    /// <summary>Labels of one configuration.</summary>
    /// <remarks>0–100, default 20. One more: ArgumentInvalid. Source: own.</remarks>
    public int MaxLabels { get; init; } = 20;

    /// <summary>Content of one configuration.</summary>
    /// <remarks>Bytes of JSON, 1,024–1,048,576, default 131,072. More: InvalidConfigurationContent. Source: own; what arrives in a twin has the twin's limits.</remarks>
    public int MaxContentBytes { get; init; } = 131_072;

    /// <summary>Twins that are evaluated and written in one transaction.</summary>
    /// <remarks>1–1,000, default 100. Source: own.</remarks>
    public int BatchTwins { get; init; } = 100;

    /// <summary>Changed twins that wait in memory to be evaluated; above, all configurations are gone through again instead.</summary>
    /// <remarks>1–10,000,000, default 100,000. Source: own.</remarks>
    public int MaxPending { get; init; } = 100_000;

    /// <summary>How often the metrics of all configurations are counted.</summary>
    /// <remarks>10 s–1 day, default 5 minutes. Source: "Automatic IoT device and module management" page.</remarks>
    public TimeSpan MetricsInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Age from which a read of one configuration counts its metrics anew.</summary>
    /// <remarks>0 s–1 day, default 10 s. Source: own.</remarks>
    public TimeSpan MetricsMaxAge { get; init; } = TimeSpan.FromSeconds(10);
}
