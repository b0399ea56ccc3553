namespace Gatehouse.Bench.Door;

/// <summary>A back end sends messages over AMQP, on one connection and link.</summary>
internal sealed class AmqpMessageLoad(Settings settings, IReadOnlyList<MqttDevice> devices) : MessageLoad(settings, devices)
{
    private AmqpSender? sender;

    internal override async Task StartAsync() => sender = await AmqpSender.ConnectAsync(Settings);

    private protected override Task SendAsync(int device, byte[] body) => sender!.SendAsync($"/devices/dev{device}/messages/devicebound", body);
}
