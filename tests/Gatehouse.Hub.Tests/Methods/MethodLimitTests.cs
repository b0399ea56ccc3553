using Gatehouse.Hub.Methods;
using Xunit;

namespace Gatehouse.Hub.Tests.Methods;

/// <summary>Each bound of direct methods, at it and one past it.</summary>
public sealed class MethodLimitTests : IAsyncLifetime
{
    private HubHost hub = null!;

    public ValueTask InitializeAsync() => StartAsync(new MethodOptions());

    public ValueTask DisposeAsync() => hub.DisposeAsync();

    [Theory]
    [InlineData(0, 5, null)]
    [InlineData(300, 300, null)]
    [InlineData(0, 4, "ArgumentInvalid")]
    [InlineData(0, 301, "ArgumentInvalid")]
    [InlineData(-1, 30, "ArgumentInvalid")]
    [InlineData(301, 30, "ArgumentInvalid")]
    public async Task Time_outs_have_their_ranges(int connect, int response, string? error) =>
        Assert.Equal(error, await CallAnsweredAsync("reboot", "", connect, response));

    [Theory]
    [InlineData("a", null)]
    [InlineData("thermostat1*getMaxMinReport", null)]
    [InlineData("!#%&'*+-.09AZaz^_`|~", null)]
    [InlineData("", "ArgumentInvalid")]
    [InlineData("a b", "ArgumentInvalid")]
    [InlineData("a/b", "ArgumentInvalid")]
    [InlineData("a?b", "ArgumentInvalid")]
    [InlineData("$a", "ArgumentInvalid")]
    [InlineData("a\n", "ArgumentInvalid")]
    [InlineData("ä", "ArgumentInvalid")]
    public async Task Names_have_their_letters(string name, string? error) => Assert.Equal(error, await CallAnsweredAsync(name, ""));

    [Fact]
    public async Task A_name_has_at_most_128_characters()
    {
        Assert.Null(await CallAnsweredAsync(new string('a', 128), ""));
        Assert.Equal("ArgumentInvalid", await CallAnsweredAsync(new string('a', 129), ""));
    }

    [Fact]
    public async Task A_payload_has_at_most_128_KB()
    {
        Assert.Null(await CallAnsweredAsync("m", Text(128 * 1024)));
        Assert.Equal("MessageTooLarge", await CallAnsweredAsync("m", Text((128 * 1024) + 1)));
    }

    [Fact]
    public async Task An_answer_has_at_most_128_KB()
    {
        Assert.Null(await CallAnsweredAsync("m", "", answer: Text(128 * 1024)));
        Assert.Equal("GenericBadGateway", await CallAnsweredAsync("m", "", answer: Text((128 * 1024) + 1)));
    }

    [Fact]
    public async Task A_payload_that_is_no_JSON_is_refused() => Assert.Equal("ArgumentInvalid", await CallAnsweredAsync("m", "{"));

    [Fact]
    public async Task A_device_has_so_many_calls_under_way_and_no_more_and_others_are_not_concerned()
    {
        await hub.DisposeAsync();
        await StartAsync(new MethodOptions { MaxCallsPerDevice = 2 });
        var waiting = hub.CallAsync("d1", connect: 10);
        var second = hub.CallAsync("d1", connect: 10);

        Assert.Equal("DeviceMaximumInflightMethodExceeded", await hub.CallAsync("d1", connect: 10).ErrorAsync());
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d2").ErrorAsync());
        hub.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("DeviceNotOnline", await waiting.ErrorAsync());
        Assert.Equal("DeviceNotOnline", await second.ErrorAsync());
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d1").ErrorAsync());
    }

    [Fact]
    public async Task A_hub_has_so_many_calls_under_way_and_no_more()
    {
        await hub.DisposeAsync();
        await StartAsync(new MethodOptions { MaxCallsPerHub = 2 });
        var first = hub.CallAsync("d1", connect: 10);
        var second = hub.CallAsync("d2", connect: 10);

        Assert.Equal("ThrottlingException", await hub.CallAsync("d2").ErrorAsync());
        hub.Time.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAll(first, second);
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d2").ErrorAsync());
    }

    [Fact]
    public async Task A_hub_holds_so_many_bytes_of_payloads_and_no_more()
    {
        await hub.DisposeAsync();
        await StartAsync(new MethodOptions { MaxPayloadBytesPerHub = 1000 });
        var first = hub.CallAsync("d1", payload: Text(600), connect: 10);

        Assert.Equal("ThrottlingException", await hub.CallAsync("d2", payload: Text(401)).ErrorAsync());
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d2", payload: Text(400)).ErrorAsync());
        hub.Time.Advance(TimeSpan.FromSeconds(10));
        await first;
        Assert.Equal("DeviceNotOnline", await hub.CallAsync("d2", payload: Text(401)).ErrorAsync());
    }

    private static string Text(int bytes) => $"\"{new string('x', bytes - 2)}\"";

    private async ValueTask StartAsync(MethodOptions options)
    {
        hub = await HubHost.StartAsync(new HubOptions { Methods = options });
        await hub.PutAsync("d1");
        await hub.PutAsync("d2");

        // Known from now on without a read: a call is under way before CallAsync returns, and the clock may be moved.
        await hub.CallAsync("d1");
        await hub.CallAsync("d2");
    }

    // Calls a device that answers at once; null when the answer came.
    private async Task<string?> CallAnsweredAsync(string name, string payload, int connect = 0, int response = 30, string answer = "1")
    {
        var target = new TestTarget();
        using var served = hub.Serve("d1", target);
        var call = hub.CallAsync("d1", name, payload, connect, response);
        if (!call.IsCompleted)
        {
            served.Answer((await target.NextAsync()).Id, 200, answer);
        }

        return await call.ErrorAsync();
    }
}
