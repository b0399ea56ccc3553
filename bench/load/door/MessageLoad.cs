using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>A back end sends a message over REST, its MQTT device has it and acknowledges it.</summary>
internal class MessageLoad(Settings settings, IReadOnlyList<MqttDevice> devices) : Load(settings, devices)
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> waiting = new();
    private readonly HttpClient http = settings.Http();
    private int last;

    internal override IReadOnlyList<string> Filters => ["devices/{device}/messages/devicebound/#"];

    internal override void OnPublish(MqttDevice device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (Utf8Parser.TryParse(payload, out int number, out _) && waiting.TryRemove(number, out var wait))
        {
            wait.TrySetResult();
        }
    }

    private protected override async Task OperateAsync(int worker, int turn)
    {
        var number = Interlocked.Increment(ref last);
        var wait = waiting[number] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(((turn * Settings.InFlight) + worker) % Settings.Devices, Encoding.UTF8.GetBytes($"{number} {new string('x', 200)}"));
        await wait.Task;
    }

    private protected virtual async Task SendAsync(int device, byte[] body)
    {
        using var request = Post($"devices/dev{device}/messages/deviceBound?api-version=2021-04-12", Settings.ServiceToken, body, "application/octet-stream");
        await SendAsync(http, request);
    }
}
