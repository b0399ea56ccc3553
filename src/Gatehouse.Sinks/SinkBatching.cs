namespace Gatehouse.Sinks;

/// <summary>How much a sink wants at once.</summary>
/// <param name="MaxEvents">1 or more.</param>
/// <param name="MaxBytes">Bytes of records; one record always fits.</param>
/// <param name="Window">How long events are gathered after the first; zero: what is there goes at once.</param>
public sealed record SinkBatching(int MaxEvents, int MaxBytes, TimeSpan Window);
