namespace Gatehouse.Hub.Connections;

/// <summary>What the registry shows of live connections.</summary>
/// <param name="IsConnected">Whether a session is open now.</param>
/// <param name="StateChanged">When that last changed; null: never.</param>
/// <param name="LastActivity">When the identity last connected or sent; null: never.</param>
public readonly record struct ConnectionFacts(bool IsConnected, DateTimeOffset? StateChanged, DateTimeOffset? LastActivity);
