using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>MQTT devices report properties; a report counts when its answer is there, so when it is durable.</summary>
internal sealed class ReportLoad(Settings settings, IReadOnlyList<MqttDevice> devices) : Load(settings, devices)
{
    private readonly ConcurrentDictionary<(int Device, int Request), TaskCompletionSource> waiting = new();

    internal override IReadOnlyList<string> Filters => ["$iothub/twin/res/#"];

    internal override void OnPublish(MqttDevice device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topic.StartsWith("$iothub/twin/res/204/"u8) || !Utf8Parser.TryParse(topic[(topic.IndexOf("$rid="u8) + 5)..], out int request, out _))
        {
            throw new IOException($"{Encoding.UTF8.GetString(topic)} {Encoding.UTF8.GetString(payload)}");
        }

        if (waiting.TryRemove((device.Number, request), out var wait))
        {
            wait.TrySetResult();
        }
    }

    private protected override async Task OperateAsync(int worker, int turn)
    {
        var device = worker % Settings.Devices;
        var request = (turn * Settings.InFlight) + worker;
        var wait = waiting[(device, request)] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var patch = $$"""{"temperature":{{turn % 50}}.5,"humidity":{{turn % 100}},"state":"running","firmware":{"version":"1.4.{{turn % 9}}","slot":"b"},"uptime":{{turn}},"errors":0,"voltage":3.{{turn % 10}},"network":{"rssi":-6{{turn % 10}},"name":"plant-7"} }""";
        await Devices[device].PublishAsync($"$iothub/twin/PATCH/properties/reported/?$rid={request}", Encoding.UTF8.GetBytes(patch));
        await wait.Task;
    }
}
