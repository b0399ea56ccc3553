using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Hub.Tests.Methods;

/// <summary>Calls on one node: to the session that serves the device, back from it alone, and never longer than the time-outs say.</summary>
public sealed class DirectMethodTests : IAsyncLifetime
{
    private HubHost hub = null!;

    public async ValueTask InitializeAsync()
    {
        hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        await hub.PutAsync("d2");
        await hub.PutAsync("d1/m1");

        // Known from now on without a read: a call is under way before CallAsync returns, and the clock may be moved.
        await hub.CallAsync("d1");
    }

    public ValueTask DisposeAsync() => hub.DisposeAsync();

    [Theory]
    [InlineData("d1")]
    [InlineData("d1/m1")]
    public async Task A_call_reaches_the_session_and_its_answer_comes_back_as_it_was_written(string identity)
    {
        var target = new TestTarget();
        using var served = hub.Serve(identity, target);

        var call = hub.CallAsync(identity, "reboot", """{ "delay": 1.50 }""");
        var request = await target.NextAsync();
        served.Answer(request.Id, -7, """ {"ok" : true} """);

        Assert.Equal(("reboot", """{ "delay": 1.50 }"""), (request.Name, request.Payload.Text()));
        Assert.Equal("""-7  {"ok" : true} """, (await call).Value.Text());
    }

    [Fact]
    public async Task No_payload_is_null_both_ways()
    {
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);

        var call = hub.CallAsync("d1");
        var request = await target.NextAsync();
        served.Answer(request.Id, 200, "");

        Assert.Equal("null", request.Payload.Text());
        Assert.Equal("200 null", (await call).Value.Text());
    }

    [Fact]
    public async Task Who_is_not_registered_is_not_found_and_who_is_disabled_is_not_online()
    {
        using var served = hub.Serve("d2", new TestTarget());
        await hub.PutAsync("d2", IfMatch.Any, input => input with { Status = "disabled" });

        Assert.Equal("DeviceNotFound", await hub.CallAsync("none").ErrorAsync());
        Assert.Equal("DeviceNotFound", await hub.CallAsync("none/m1").ErrorAsync());
        Assert.Equal("ModuleNotFound", await hub.CallAsync("d1/none").ErrorAsync());
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d2", connect: 300).ErrorAsync());
    }

    [Fact]
    public async Task A_device_that_is_away_is_not_online_at_once_and_one_that_serves_no_methods_too()
    {
        using var module = hub.Serve("d1/m1", new TestTarget());

        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d1").ErrorAsync());
    }

    [Fact]
    public async Task A_caller_may_wait_for_a_device_that_comes_in_time()
    {
        var target = new TestTarget();
        var call = hub.CallAsync("d1", connect: 10);
        hub.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(call.IsCompleted);

        using var served = hub.Serve("d1", target);
        served.Answer((await target.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
    }

    [Fact]
    public async Task The_connect_time_out_ends_the_waiting_and_a_later_session_gets_nothing()
    {
        var target = new TestTarget();
        var call = hub.CallAsync("d1", connect: 10);

        hub.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("DeviceNotOnline", await call.ErrorAsync());
        using var served = hub.Serve("d1", target);

        Assert.Equal(0, target.Waiting);
    }

    [Fact]
    public async Task The_response_time_out_ends_the_call_and_a_late_answer_is_dropped()
    {
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);
        var call = hub.CallAsync("d1", response: 5);
        var request = await target.NextAsync();

        hub.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("GatewayTimeout", await call.ErrorAsync());
        served.Answer(request.Id, 200, "1");

        var next = hub.CallAsync("d1");
        served.Answer((await target.NextAsync()).Id, 200, "2");
        Assert.Equal("200 2", (await next).Value.Text());
    }

    [Fact]
    public async Task Only_the_session_that_was_asked_can_answer_and_only_once()
    {
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);
        using var other = hub.Serve("d2", new TestTarget());
        using var module = hub.Serve("d1/m1", new TestTarget());
        var call = hub.CallAsync("d1");
        var request = await target.NextAsync();

        other.Answer(request.Id, 1, "1");
        module.Answer(request.Id, 1, "1");
        served.Answer(Guid.NewGuid(), 1, "1");
        Assert.False(call.IsCompleted);
        served.Answer(request.Id, 2, "2");
        served.Answer(request.Id, 3, "3");

        Assert.Equal("2 2", (await call).Value.Text());
    }

    [Fact]
    public async Task A_newer_session_takes_over_and_what_the_older_has_not_answered_fails_at_once()
    {
        var (older, newer) = (new TestTarget(), new TestTarget());
        var first = hub.Serve("d1", older);
        var lost = hub.CallAsync("d1");
        var request = await older.NextAsync();

        using var second = hub.Serve("d1", newer);
        Assert.Equal("GatewayTimeout", await lost.ErrorAsync());
        first.Answer(request.Id, 1, "1");
        first.Dispose();
        var call = hub.CallAsync("d1");
        second.Answer((await newer.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
        Assert.Equal((1, 0), (older.Displaced, newer.Displaced));
    }

    [Fact]
    public async Task A_session_that_ends_while_it_begins_takes_nothing_from_its_successor()
    {
        var (older, newer) = (new TestTarget(), new TestTarget());
        var first = hub.Get<DirectMethods>().Open(hub.Hub, HubHost.Key("d1"), null, older);
        first.Dispose();
        using var second = hub.Serve("d1", newer);

        first.Begin();
        var call = hub.CallAsync("d1");
        second.Answer((await newer.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
        Assert.Equal(0, newer.Displaced);
    }

    [Fact]
    public async Task A_session_of_an_earlier_owner_of_the_name_is_not_called_and_gives_way()
    {
        var (old, own) = (new TestTarget(), new TestTarget());
        using var earlier = hub.Serve("d1", old, "an earlier generation");
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d1").ErrorAsync());
        var call = hub.CallAsync("d1", connect: 10);
        Assert.False(call.IsCompleted);

        using var served = hub.Serve("d1", own, (await hub.FindAsync("d1")).Value.GenerationId);
        served.Answer((await own.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
        Assert.Equal((0, 1), (old.Waiting, old.Displaced));
    }

    [Fact]
    public async Task A_session_that_ends_takes_its_calls_with_it()
    {
        var target = new TestTarget();
        var served = hub.Serve("d1", target);
        var call = hub.CallAsync("d1");
        await target.NextAsync();

        served.Dispose();

        Assert.Equal("GatewayTimeout", await call.ErrorAsync());
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d1").ErrorAsync());
    }

    [Fact]
    public async Task A_caller_that_leaves_frees_its_place_and_its_answer_is_dropped()
    {
        await hub.DisposeAsync();
        hub = await HubHost.StartAsync(new HubOptions { Methods = new MethodOptions { MaxCallsPerDevice = 1 } });
        await hub.PutAsync("d1");
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);
        using var leaving = new CancellationTokenSource();
        var left = hub.CallAsync("d1", token: leaving.Token);
        var request = await target.NextAsync();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        served.Answer(request.Id, 200, "1");
        var call = hub.CallAsync("d1");
        served.Answer((await target.NextAsync()).Id, 200, "2");

        Assert.Equal("200 2", (await call).Value.Text());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("{'a':1}")]
    [InlineData("\u0001")]
    public async Task An_answer_that_is_no_JSON_is_a_bad_gateway(string payload)
    {
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);

        var call = hub.CallAsync("d1");
        served.Answer((await target.NextAsync()).Id, 200, payload);

        Assert.Equal("GenericBadGateway", await call.ErrorAsync());
    }

    [Fact]
    public async Task A_session_that_cannot_take_more_says_so_and_the_next_call_may_pass()
    {
        var target = new TestTarget { IsFull = true };
        using var served = hub.Serve("d1", target);

        Assert.Equal(HubErrors.DeviceMaximumInflightMethodExceeded.Code, (await hub.CallAsync("d1")).Error!.Code);
        target.IsFull = false;
        var call = hub.CallAsync("d1");
        served.Answer((await target.NextAsync()).Id, 200, "1");

        Assert.Equal("200 1", (await call).Value.Text());
    }
}
