namespace Gatehouse.Gateway.Mqtt;

/// <summary>What to do after a PUBLISH was looked at.</summary>
/// <param name="MustWait">The same frame must be handed in again, after a wait.</param>
/// <param name="Wait">How long; zero: until the log has room.</param>
/// <param name="IsReserved">Not telemetry: a topic below <c>$iothub</c>.</param>
internal readonly record struct PublishStep(bool MustWait, TimeSpan Wait, bool IsReserved = false)
{
    internal static PublishStep Done => default;

    internal static PublishStep Reserved => new(MustWait: false, TimeSpan.Zero, IsReserved: true);
}
