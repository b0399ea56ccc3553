using System.Collections.Concurrent;
using System.Text;
using Gatehouse.Contracts.Signals;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>What every implementation of signals does within one node.</summary>
public abstract class SignalSuite : IAsyncLifetime
{
    internal const string Subject = "test.changed";

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public abstract ValueTask InitializeAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected abstract LogHost Start();

    [Fact]
    public async Task Every_handler_of_the_subject_hears_a_signal_before_the_publish_returns()
    {
        await using var host = Start();
        var signals = host.Get<ISignals>();
        var heard = new List<Signal>();
        using var first = signals.Subscribe(Subject, heard.Add);
        using var second = signals.Subscribe(Subject, heard.Add);
        using var other = signals.Subscribe("test.other", heard.Add);

        await signals.PublishAsync(new Signal(Subject, "hub", "d1/m1"), Token);

        Assert.Equal([new Signal(Subject, "hub", "d1/m1"), new Signal(Subject, "hub", "d1/m1")], heard);
    }

    [Fact]
    public async Task A_payload_of_any_bytes_arrives_as_it_was_sent()
    {
        await using var host = Start();
        var signals = host.Get<ISignals>();
        var heard = new List<Signal>();
        using var subscription = signals.Subscribe(Subject, heard.Add);
        byte[][] payloads = [[], [10], [0, 10, 13, 255], Encoding.UTF8.GetBytes("a\nb\nc\n"), new byte[256 * 1024]];
        new Random(1).NextBytes(payloads[^1]);

        foreach (var payload in payloads)
        {
            await signals.PublishAsync(new Signal(Subject, "hub", "") { Payload = payload }, Token);
        }

        Assert.Equal(payloads, heard.Select(each => each.Payload.ToArray()));
    }

    [Fact]
    public async Task Who_has_left_hears_nothing_and_leaving_twice_does_no_harm()
    {
        await using var host = Start();
        var signals = host.Get<ISignals>();
        var heard = new List<Signal>();
        var leaves = signals.Subscribe(Subject, heard.Add);
        using var stays = signals.Subscribe(Subject, heard.Add);

        leaves.Dispose();
        leaves.Dispose();
        await signals.PublishAsync(new Signal(Subject, "hub", "d1"), Token);

        Assert.Single(heard);
    }

    [Fact]
    public async Task A_handler_that_throws_does_not_keep_the_others_from_hearing()
    {
        await using var host = Start();
        var signals = host.Get<ISignals>();
        var heard = new List<Signal>();
        using var broken = signals.Subscribe(Subject, static _ => throw new InvalidOperationException("broken"));
        using var sound = signals.Subscribe(Subject, heard.Add);

        await signals.PublishAsync(new Signal(Subject, "hub", "d1"), Token);

        Assert.Single(heard);
    }

    [Fact]
    public async Task Signals_of_one_publisher_arrive_in_order()
    {
        await using var host = Start();
        var signals = host.Get<ISignals>();
        var heard = new ConcurrentQueue<string>();
        using var subscription = signals.Subscribe(Subject, signal => heard.Enqueue(signal.Key));
        var keys = LogSteps.Numbers(1000);

        foreach (var key in keys)
        {
            await signals.PublishAsync(new Signal(Subject, "hub", key), Token);
        }

        Assert.Equal(keys, heard);
    }
}
