namespace Gatehouse.Transport.WebSockets;

/// <summary>What is served at one WebSocket path; null: not this protocol.</summary>
internal sealed record WebSocketHandlers(IConnectionHandler? Mqtt, IConnectionHandler? Amqp)
{
    /// <summary>The first sub-protocol of the client's list that is served here; null when there is none.</summary>
    /// <remarks>The C SDK writes MQTT in capitals; each client gets its own spelling back. AMQPWSB10: AMQP WebSocket binding §2.1.</remarks>
    public WebSocketChoice? Choose(IEnumerable<string> wanted)
    {
        foreach (var name in wanted)
        {
            if (Mqtt is not null && name.Equals("mqtt", StringComparison.OrdinalIgnoreCase))
            {
                return new WebSocketChoice(name, "mqtt-ws", Mqtt);
            }

            if (Amqp is not null && name.Equals("AMQPWSB10", StringComparison.OrdinalIgnoreCase))
            {
                return new WebSocketChoice(name, "amqp-ws", Amqp);
            }
        }

        return null;
    }

    /// <summary>The names, for an error.</summary>
    public override string ToString() => (Mqtt, Amqp) switch { (not null, not null) => "mqtt or AMQPWSB10", (not null, null) => "mqtt", _ => "AMQPWSB10" };
}

/// <param name="SubProtocol">As the client spelled it.</param>
/// <param name="Protocol">For logs, metrics and refusals.</param>
/// <param name="Handler">Serves it.</param>
internal sealed record WebSocketChoice(string SubProtocol, string Protocol, IConnectionHandler Handler);
