using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Simulation;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class SimulateTests(RunningServer server)
{
    [Fact]
    public async Task Twenty_devices_send_and_are_gone_afterwards()
    {
        var run = await CliRun.OkAsync(server.On("simulate", "--count", "20", "--messages", "3", "--interval", "0.05", "--size", "100", "--prefix", "twenty-", "--json"));

        Assert.Equal((20, 60, 0, 0), ((int)run.Json["connected"]!, (int)run.Json["acknowledged"]!, (int)run.Json["failed"]!, (int)run.Json["leftBehind"]!));
        await CliRun.RefusedAsync(1, server.On("device", "show", "twenty-01"), "DeviceNotFound");
        var seen = await CliRun.OkAsync(server.On("monitor", "--device", "twenty-20", "--from", "earliest", "--max", "3", "--json"));
        Assert.Equal([1, 2, 3], seen.Out.Lines.Select(line => (int)System.Text.Json.Nodes.JsonNode.Parse(line)!["body"]!["message"]!));
    }

    [Fact]
    public async Task Kept_devices_stay_and_are_never_taken_over_or_deleted_by_a_second_run()
    {
        var kept = await CliRun.OkAsync(server.On("simulate", "--count", "2", "--duration", "0.3", "--interval", "0.1", "--prefix", "kept-", "--keep"));
        Assert.Matches(@"^2 devices connected; [1-9]\d* messages acknowledged in .* 0 failures\.\n$", kept.Output);

        await CliRun.RefusedAsync(1, server.On("simulate", "--count", "3", "--messages", "1", "--prefix", "kept-"), "DeviceAlreadyExists", "--prefix");

        await CliRun.OkAsync(server.On("device", "show", "kept-1"));
        await CliRun.OkAsync(server.On("device", "show", "kept-2"));
        await CliRun.RefusedAsync(1, server.On("device", "show", "kept-3"), "DeviceNotFound");
    }

    [Fact]
    public async Task An_interrupt_ends_it_in_order_and_leaves_no_device_behind()
    {
        using var run = CliRun.Start(server.On("simulate", "--count", "3", "--messages", "100000", "--interval", "0.02", "--prefix", "cut-"));
        await run.UntilAsync(_ => Listed().GetAwaiter().GetResult());

        await run.InterruptAsync();

        Assert.Equal(1, await run.Ending.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal("note: stopped; tidying up.\n", run.Errors);
        Assert.Contains("devices connected", run.Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("device", "show", "cut-1"), "DeviceNotFound");

        async Task<bool> Listed() => (await CliRun.EndAsync(server.On("monitor", "--device", "cut-3", "--from", "earliest", "--max", "1", "--timeout", "1"))).Output.Length > 0;
    }

    [Fact]
    public async Task A_device_sends_its_token_to_nobody_but_the_hub_that_its_root_vouches_for()
    {
        using var folder = new TemporaryFolder();
        using var stranger = TestCertificates.SelfSigned("CN=stranger", isAuthority: true);
        var file = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(file, stranger.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var address = new ConnectionSource { DataDirectory = server.Data, Environment = _ => null }.Resolve();
        using var device = new SimulatedDevice("stranger-1");

        await Assert.ThrowsAsync<CliException>(() => device.ConnectAsync(address, TrustedRoot.Load(file), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<CliException>(() => device.ConnectAsync(address, TrustedRoot.Load(null), TestContext.Current.CancellationToken));
        var elsewhere = address with { Policy = address.Policy with { HostName = "127.0.0.2" } };
        await Assert.ThrowsAsync<CliException>(() => device.ConnectAsync(elsewhere, TrustedRoot.Load(address.CaFile), TestContext.Current.CancellationToken));

        var why = await CliRun.OkAsync(server.On("why", "stranger-1"));
        Assert.Contains("has not been refused", why.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 2_000_000_000)]
    [InlineData(1000, 7)]
    public void A_body_is_json_of_exactly_the_size(int size, int number)
    {
        var body = SimulatedBody.Make(size, number);

        Assert.Equal(size, body.Length);
        Assert.Equal(number, (int)System.Text.Json.Nodes.JsonNode.Parse(body)!["message"]!);
    }
}
