using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>A back end calls a method over REST, an MQTT device answers it, the back end has the answer.</summary>
internal sealed class MethodLoad(Settings settings, IReadOnlyList<MqttDevice> devices) : Load(settings, devices)
{
    private static readonly byte[] Call = """{"methodName":"readSensor","responseTimeoutInSeconds":30,"payload":{"channel":3,"unit":"celsius"}}"""u8.ToArray();
    private static readonly byte[] Answer = """{"value":21.5,"unit":"celsius"}"""u8.ToArray();

    private readonly HttpClient http = settings.Http();

    internal override IReadOnlyList<string> Filters => ["$iothub/methods/POST/#"];

    internal override void OnPublish(MqttDevice device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload) =>
        _ = device.PublishAsync($"$iothub/methods/res/200/{Encoding.UTF8.GetString(topic[topic.IndexOf("?$rid="u8)..])}", Answer);

    private protected override async Task OperateAsync(int worker, int turn)
    {
        using var request = Post($"twins/dev{((turn * Settings.InFlight) + worker) % Settings.Devices}/methods?api-version=2021-04-12", Settings.ServiceToken, Call, "application/json");
        await SendAsync(http, request);
    }
}
