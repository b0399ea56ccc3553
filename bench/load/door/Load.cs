using System.Diagnostics;

namespace Gatehouse.Bench.Door;

/// <summary>One operation, begun by many workers one after the other, or at a steady rate.</summary>
internal abstract class Load(Settings settings, IReadOnlyList<MqttDevice> devices)
{
    private readonly Lock gate = new();
    private List<double> times = [];

    /// <summary>What each device subscribes to; <c>{device}</c> is its id.</summary>
    internal virtual IReadOnlyList<string> Filters => [];

    private protected Settings Settings { get; } = settings;

    private protected IReadOnlyList<MqttDevice> Devices { get; } = devices;

    internal static Load Of(Settings settings, IReadOnlyList<MqttDevice> devices) => settings.Mode switch
    {
        "methods" => new MethodLoad(settings, devices),
        "twins" => new ReportLoad(settings, devices),
        "c2d-rest" => new MessageLoad(settings, devices),
        "c2d-amqp" => new AmqpMessageLoad(settings, devices),
        _ => new HttpLoad(settings, devices),
    };

    internal virtual Task StartAsync() => Task.CompletedTask;

    internal virtual void OnPublish(MqttDevice device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>One operation of the worker, from its beginning to the answer that counts.</summary>
    private protected abstract Task OperateAsync(int worker, int turn);

    internal async Task RunAsync(TimeSpan time)
    {
        TakeTimes();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Settings.InFlight).Select(worker => Task.Run(async () =>
        {
            for (var turn = 0; Stopwatch.GetElapsedTime(started) < time; turn++)
            {
                if (Settings.Rate > 0)
                {
                    // Each worker has its own place in the second; whoever is late goes on at once, and its wait counts.
                    var due = started + (long)(((turn * Settings.InFlight) + worker) / (double)Settings.Rate * Stopwatch.Frequency);
                    var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                    if (wait > TimeSpan.Zero)
                    {
                        await Task.Delay(wait);
                    }
                }

                var begun = Stopwatch.GetTimestamp();
                await OperateAsync(worker, turn);
                Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds, Settings.Mode == "http-batch" ? Settings.Batch : 1);
            }
        })));
    }

    internal List<double> TakeTimes()
    {
        lock (gate)
        {
            var taken = times;
            times = [];
            return taken;
        }
    }

    private void Add(double milliseconds, int operations)
    {
        lock (gate)
        {
            for (var i = 0; i < operations; i++)
            {
                times.Add(milliseconds);
            }
        }
    }

    private protected static async Task SendAsync(HttpClient http, HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    private protected static HttpRequestMessage Post(string target, string token, byte[] body, string contentType)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Headers.TryAddWithoutValidation("Authorization", token);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return request;
    }
}
