namespace Gatehouse.Hub.Telemetry;

/// <summary>What a message or batch has of its rate so far; see <see cref="TelemetryChannel.TryReserve"/>.</summary>
/// <param name="Messages">Of the batch; at least 1.</param>
public record struct RateClaim(int Messages)
{
    internal int Taken { get; set; }

    /// <summary>Ticks of the throttles' clock; null: nothing of it was held back.</summary>
    internal long? HeldSince { get; set; }
}
