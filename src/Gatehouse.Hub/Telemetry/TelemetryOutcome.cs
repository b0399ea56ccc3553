namespace Gatehouse.Hub.Telemetry;

/// <summary>What became of a message.</summary>
public enum TelemetryOutcome
{
    /// <summary>On its way to the log; the observer is told.</summary>
    Queued,

    /// <summary>Too many bytes wait for the log: wait for room, then send the same message again.</summary>
    LogFull,

    /// <summary>Faster than the limit: wait, then send the same message again.</summary>
    Throttled,

    /// <summary>MessageTooLarge: it can never be taken.</summary>
    TooLarge,
}
