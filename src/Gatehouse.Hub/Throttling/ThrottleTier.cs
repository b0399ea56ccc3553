namespace Gatehouse.Hub.Throttling;

/// <summary>Edition of the service whose limits a hub takes over.</summary>
public enum ThrottleTier
{
    /// <summary>No limits but those that are set one by one.</summary>
    Off,
    F1,
    B1,
    B2,
    B3,
    S1,
    S2,
    S3,
}
