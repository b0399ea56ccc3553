using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class StrictNetworkTests(RunningServer server)
{
    [Fact]
    public async Task A_device_is_bound_shown_listed_and_let_go()
    {
        await CliRun.OkAsync(server.On("device", "create", "bound-1"));
        Assert.Contains("bound-1 may come from anywhere.", (await CliRun.OkAsync(server.On("strict", "network", "show", "bound-1"))).Output, StringComparison.Ordinal);
        var drill = await CliRun.OkAsync(server.On("strict", "network", "set", "bound-1", "192.0.2.0/24", "2001:db8::1", "--drill"));
        Assert.Contains("would be bound to 192.0.2.0/24, 2001:db8::1/128; nothing was changed", drill.Output, StringComparison.Ordinal);

        Assert.Contains("must come from 192.0.2.0/24, 2001:db8::1/128, here at once", (await CliRun.OkAsync(server.On("strict", "network", "set", "bound-1", "192.0.2.0/24", "2001:db8::1"))).Output, StringComparison.Ordinal);

        Assert.Contains("It is so already", (await CliRun.OkAsync(server.On("strict", "network", "set", "bound-1", "192.0.2.0/24", "2001:db8::1/128"))).Output, StringComparison.Ordinal);
        Assert.Contains("must come from 192.0.2.0/24", (await CliRun.OkAsync(server.On("strict", "network", "show", "bound-1"))).Output, StringComparison.Ordinal);
        Assert.Contains((await CliRun.OkAsync(server.On("strict", "network", "list", "--json"))).Json.AsArray(), each => (string?)each!["deviceId"] == "bound-1");
        Assert.Contains("bound-1", (await CliRun.OkAsync(server.On("strict", "network", "list", "--after", "bound-0"))).Output, StringComparison.Ordinal);
        Assert.Contains("may come from anywhere.", (await CliRun.OkAsync(server.On("strict", "network", "remove", "bound-1"))).Output, StringComparison.Ordinal);
        Assert.Contains("as it could before", (await CliRun.OkAsync(server.On("strict", "network", "remove", "bound-1"))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("device", "delete", "bound-1"));
    }

    [Fact]
    public async Task What_cannot_be_meant_is_said()
    {
        await CliRun.RefusedAsync(2, server.On("strict", "network", "set", "bound-2"), "range");
        await CliRun.RefusedAsync(1, server.On("strict", "network", "set", "bound-2", "10.1.2.3/8"), "do you mean 10.0.0.0/8?");
        await CliRun.RefusedAsync(1, server.On("strict", "network", "set", "bound-2", "10.0.0.0/8"), "DeviceNotFound");
        await CliRun.RefusedAsync(1, server.On("strict", "network", "show", "bound-2"), "DeviceNotFound");
    }
}
