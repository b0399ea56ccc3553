using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>Devices send telemetry over HTTPS, a message in a request or many in a batch.</summary>
internal sealed class HttpLoad : Load
{
    private readonly HttpClient http;
    private readonly string[] tokens;
    private readonly byte[] body;
    private readonly string contentType;

    internal HttpLoad(Settings settings, IReadOnlyList<MqttDevice> devices)
        : base(settings, devices)
    {
        http = settings.Http();
        tokens = [.. Enumerable.Range(0, settings.InFlight).Select(settings.DeviceToken)];
        var text = new string('x', 256);
        var isBatch = settings.Mode == "http-batch";
        contentType = isBatch ? "application/vnd.microsoft.iothub.json" : "application/json";
        body = Encoding.UTF8.GetBytes(isBatch
            ? $"[{string.Join(',', Enumerable.Repeat($$"""{"body":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}","properties":{"iothub-app-level":"info"} }""", settings.Batch))}]"
            : text);
    }

    private protected override async Task OperateAsync(int worker, int turn)
    {
        using var request = Post($"devices/dev{worker}/messages/events?api-version=2021-04-12", tokens[worker], body, contentType);
        if (Settings.Mode == "http")
        {
            request.Headers.TryAddWithoutValidation("iothub-app-level", "info");
        }

        await SendAsync(http, request);
    }
}
