namespace Gatehouse.ServiceApi;

/// <summary>Settings of the service plane.</summary>
public sealed record ServiceApiOptions
{
    /// <summary>Largest request body. Bytes; 1,024–67,108,864; default 1,048,576 (1 MiB: 100 bulk items of the largest documented shape fit). Larger: 413.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>Deepest nesting of a JSON body. Levels; default 32 (twins are documented to 10 levels, envelopes add a few).</summary>
    public int MaxJsonDepth { get; init; } = 32;

    /// <summary>Port that readers are redirected to when they gave none. 1–65,535, default 5,671.</summary>
    public int AmqpPort { get; init; } = 5671;

    /// <summary>How many S1 units of the service the hub's owner is throttled as; null (default): not throttled, the hub is the owner's own machine.</summary>
    /// <remarks>Per unit and minute: 100 identity operations, 20 bulk calls, 2,400 method calls, 6,000 reads and 3,000 writes of twins, 100 messages to devices, 100 operations on jobs, 1,000 polls for feedback; a minute's worth may be used at once. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int? ThrottleUnits { get; init; }
}
