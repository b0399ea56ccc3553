namespace Gatehouse.Hub.Registry;

/// <summary>Limits of the identity registry.</summary>
public sealed record RegistryOptions
{
    /// <summary>Devices and modules per hub. Identities; default 1,000,000. More: TooManyDevices (413002). Source: IoT Hub "Quotas and throttling" page.</summary>
    public long MaxIdentities { get; init; } = 1_000_000;

    /// <summary>Modules per device, those of IoT Edge itself (<c>$edgeAgent</c>, <c>$edgeHub</c>) not counted. Default 50. More: TooManyModulesOnDevice (413003).</summary>
    /// <remarks>Source: IoT Hub "Understand module twins" page (50; an older quota table says 20 without an Edge deployment).</remarks>
    public int MaxModulesPerDevice { get; init; } = 50;

    /// <summary>Items of one bulk call. Default 100. More: TooManyDevices (413002). Source: IoT Hub "Quotas and throttling" page.</summary>
    public int MaxBulkItems { get; init; } = 100;

    /// <summary>Devices in one answer of the list. Default 1,000; larger or missing <c>top</c> behaves as this. Source: "Get Devices" of the service REST API.</summary>
    public int MaxListItems { get; init; } = 1_000;
}
