namespace Gatehouse.Hub.AccessPolicies;

/// <summary>Limits of shared access policies.</summary>
public sealed record PolicyOptions
{
    /// <summary>Policies per hub, the five built-in ones included.</summary>
    /// <remarks>5–1000, default 16. One more: GenericConflict. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxPerHub { get; init; } = 16;
}
