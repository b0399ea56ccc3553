using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Methods;
using Gatehouse.Streams.Nats;
using Gatehouse.Streams.Suite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Hub.Tests.Methods;

/// <summary>Two nodes and a real NATS server: a call goes to the node that serves the device, and comes back.</summary>
public sealed class MethodsBetweenNodesTests : IAsyncLifetime
{
    private readonly List<ServiceProvider> nodes = [];
    private HubHost hub = null!;
    private NatsServer nats = null!;
    private DirectMethods here = null!;
    private DirectMethods there = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        nats = await NatsServer.StartAsync();
        hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        here = Join();
        there = Join();
        await MeetAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        await hub.DisposeAsync();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_call_finds_the_device_on_the_other_node_and_its_answer_comes_back()
    {
        var target = new TestTarget();
        using var served = there.Serve(hub, "d1", target);
        var large = $"\"{new string('x', (128 * 1024) - 2)}\"";

        var call = hub.CallAsync("d1", "reboot", large, on: here);
        var request = await target.NextAsync();
        served.Answer(request.Id, -3, large);

        Assert.Equal(("reboot", large), (request.Name, request.Payload.Text()));
        Assert.Equal($"-3 {large}", (await call).Value.Text());
    }

    [Fact]
    public async Task A_device_that_comes_to_the_other_node_within_the_connect_time_out_is_called()
    {
        var target = new TestTarget();
        var call = hub.CallAsync("d1", connect: 60, on: here);
        await Task.Delay(200, Token);

        using var served = there.Serve(hub, "d1", target);
        served.Answer((await target.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
    }

    [Fact]
    public async Task A_device_that_is_nowhere_is_not_online_when_the_others_had_time_to_speak() =>
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d1", on: here).ErrorAsync());

    [Fact]
    public async Task Errors_travel_with_their_words()
    {
        var target = new TestTarget();
        var served = there.Serve(hub, "d1", target);

        var bad = hub.CallAsync("d1", on: here);
        served.Answer((await target.NextAsync()).Id, 200, "{");
        Assert.Equal(HubErrors.GenericBadGateway.With("The device's answer is not one JSON value."), (await bad).Error);

        var lost = hub.CallAsync("d1", on: here);
        await target.NextAsync();
        served.Dispose();
        Assert.Contains("connection of the device ended", (await lost).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_does_not_reach_a_session_of_an_earlier_owner_of_the_name_on_the_other_node()
    {
        var (old, own) = (new TestTarget(), new TestTarget());
        using var earlier = there.Serve(hub, "d1", old, "an earlier generation");
        var call = hub.CallAsync("d1", connect: 60, on: here);
        await Task.Delay(200, Token);
        Assert.False(call.IsCompleted);

        using var served = there.Serve(hub, "d1", own, (await hub.FindAsync("d1")).Value.GenerationId);
        served.Answer((await own.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
        Assert.Equal((0, 1), (old.Waiting, old.Displaced));
    }

    [Fact]
    public async Task No_answer_within_the_response_time_out_is_a_gateway_time_out()
    {
        var target = new TestTarget();
        using var served = there.Serve(hub, "d1", target);

        var call = hub.CallAsync("d1", response: 5, on: here);
        var request = await target.NextAsync();

        Assert.Equal("GatewayTimeout", await call.ErrorAsync());
        served.Answer(request.Id, 200, "1");
    }

    [Fact]
    public async Task A_method_runs_once_even_when_both_other_nodes_believe_that_they_serve_the_device()
    {
        var third = Join();
        await MeetAsync();
        var (one, two) = (new TestTarget(), new TestTarget());
        using var first = there.Serve(hub, "d1", one);
        using var second = third.Serve(hub, "d1", two);

        var call = hub.CallAsync("d1", response: 5, on: here);
        await Task.WhenAny(one.NextAsync(), two.NextAsync());
        await call;

        Assert.Equal(0, one.Waiting + two.Waiting);
    }

    private DirectMethods Join()
    {
        var node = new ServiceCollection().AddNatsStreams(new NatsStreamsOptions { Url = nats.Url }).BuildServiceProvider();
        nodes.Add(node);
        return new DirectMethods(
            hub.Get<ICredentialSource>(), node.GetRequiredService<ISignals>(), new MethodOptions(), hub.Get<MethodMetrics>(), TimeProvider.System);
    }

    // Subscriptions go to the server in the background: all nodes must hear the last one that joined, and it them.
    private async Task MeetAsync()
    {
        foreach (var listener in nodes)
        {
            foreach (var speaker in nodes.Where(each => each != listener))
            {
                var heard = new TaskCompletionSource();
                using var subscription = listener.GetRequiredService<ISignals>().Subscribe("test.met", _ => heard.TrySetResult());
                while (!heard.Task.IsCompleted)
                {
                    await speaker.GetRequiredService<ISignals>().PublishAsync(new Signal("test.met", "hub", ""), Token);
                    await Task.WhenAny(heard.Task, Task.Delay(20, Token));
                }
            }
        }
    }
}
