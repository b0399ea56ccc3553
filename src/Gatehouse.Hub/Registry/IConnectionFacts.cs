using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>What the registry shows of live connections.</summary>
/// <param name="IsConnected">Whether a session is open now.</param>
/// <param name="StateChanged">When that last changed; null: never.</param>
/// <param name="LastActivity">When the identity last connected or sent; null: never.</param>
public readonly record struct ConnectionFacts(bool IsConnected, DateTimeOffset? StateChanged, DateTimeOffset? LastActivity);

/// <summary>Where the registry reads them: from memory, once per row of an answer.</summary>
internal interface IConnectionFacts
{
    ConnectionFacts Get(HubName hub, IdentityKey identity);

    /// <summary>Devices (not modules) with an open session.</summary>
    long CountConnectedDevices(HubName hub);
}

/// <summary>A server without device doors.</summary>
internal sealed class NoConnections : IConnectionFacts
{
    public ConnectionFacts Get(HubName hub, IdentityKey identity) => default;

    public long CountConnectedDevices(HubName hub) => 0;
}
