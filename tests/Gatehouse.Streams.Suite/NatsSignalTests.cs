using System.Text;
using System.Threading.Channels;
using Gatehouse.Contracts.Signals;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>The suite on one node, and what two nodes say to each other.</summary>
public sealed class NatsSignalTests : SignalSuite
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private NatsServer? server;

    public override async ValueTask InitializeAsync() => server = await NatsServer.StartAsync();

    public override async ValueTask DisposeAsync()
    {
        await server!.DisposeAsync();
        await base.DisposeAsync();
    }

    private protected override LogHost Start() => NatsHost.Start(server!.Url);

    [Fact]
    public async Task Another_node_hears_every_signal_once_with_its_payload_in_order()
    {
        await using var here = Start();
        await using var there = Start();
        var heard = await ListenAsync(here, there);
        byte[][] payloads = [[], [10, 0, 10], Encoding.UTF8.GetBytes("a\nb"), new byte[256 * 1024]];
        new Random(2).NextBytes(payloads[^1]);

        for (var i = 0; i < payloads.Length; i++)
        {
            await here.Get<ISignals>().PublishAsync(new Signal(Subject, "hub", $"d{i}") { Payload = payloads[i] }, Token);
        }

        for (var i = 0; i < payloads.Length; i++)
        {
            var signal = await heard.ReadAsync(Token).AsTask().WaitAsync(Soon, Token);
            Assert.Equal((Subject, "hub", $"d{i}"), (signal.Subject, signal.Hub, signal.Key));
            Assert.Equal(payloads[i], signal.Payload.ToArray());
        }

        Assert.False(heard.TryRead(out _));
    }

    [Fact]
    public async Task A_node_hears_its_own_signals_once_only()
    {
        await using var here = Start();
        await using var there = Start();
        var heard = await ListenAsync(here, there);
        var own = 0;
        using var subscription = here.Get<ISignals>().Subscribe(Subject, _ => own++);

        await here.Get<ISignals>().PublishAsync(new Signal(Subject, "hub", "d1"), Token);
        await heard.ReadAsync(Token).AsTask().WaitAsync(Soon, Token);

        Assert.Equal(1, own);
        Assert.True(here.Get<ISignals>().ReachesOthers);
    }

    [Fact]
    public async Task After_a_lost_connection_everything_may_have_changed_and_signals_pass_again()
    {
        await using var here = Start();
        await using var there = Start();
        await there.OpenAsync();
        var heard = await ListenAsync(here, there);

        await server!.KillAsync();
        await server.StartAgainAsync();

        var first = await heard.ReadAsync(Token).AsTask().WaitAsync(Soon, Token);
        Assert.Equal(new Signal(Subject, "hub", ""), first);
        await here.Get<ISignals>().PublishAsync(new Signal(Subject, "hub", "after"), Token);
        while (await heard.ReadAsync(Token).AsTask().WaitAsync(Soon, Token) is var signal && signal.Key != "after")
        {
            Assert.Equal("", signal.Key);
        }
    }

    // Ready when the listener is known to hear: the subscription goes to the server in the background.
    private static async Task<ChannelReader<Signal>> ListenAsync(LogHost here, LogHost there)
    {
        var heard = Channel.CreateUnbounded<Signal>();
        var isReady = new TaskCompletionSource();
        var theirs = there.Get<ISignals>();
        theirs.Subscribe(Subject, signal => heard.Writer.TryWrite(signal));
        using var ready = theirs.Subscribe("test.ready", _ => isReady.TrySetResult());
        while (!isReady.Task.IsCompleted)
        {
            await here.Get<ISignals>().PublishAsync(new Signal("test.ready", "hub", ""), Token);
            await Task.WhenAny(isReady.Task, Task.Delay(20, Token));
        }

        return heard.Reader;
    }
}
