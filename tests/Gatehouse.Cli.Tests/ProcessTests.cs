using System.Diagnostics;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>The built executable: signals, streams and pipes are the process's own.</summary>
public sealed class ProcessTests(RunningServer server)
{
    [Fact]
    public async Task Ctrl_C_ends_monitor_with_code_zero()
    {
        using var process = Start("monitor", "--data", server.Data);
        Assert.StartsWith("Waiting for events", await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        using var kill = Process.Start("kill", ["-INT", process.Id.ToString()]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, "", ""), (process.ExitCode, await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Piped_answers_hold_no_colours_and_keys_can_be_piped_in()
    {
        using var create = Start("device", "create", "piped-1", "--keys-from", "-", "--data", server.Data);
        await create.StandardInput.WriteAsync($"{Convert.ToBase64String(new byte[32])}\n{Convert.ToBase64String(new byte[16])}\n");
        create.StandardInput.Close();
        await create.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var list = Start("device", "list", "--data", server.Data);
        var table = await list.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, create.ExitCode);
        Assert.Contains("piped-1", table, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table);
    }

    [Fact]
    public async Task Monitor_ends_when_nobody_reads_its_output_any_more()
    {
        using var device = await TestDevice.ConnectAsync(server, "unread-1");
        using var process = Start("monitor", "--device", "unread-1", "--data", server.Data);
        await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);

        process.StandardOutput.Close();
        while (!process.HasExited)
        {
            await device.SendAsync("is anybody there?");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    [InlineData("-HUP")]
    public async Task A_signal_to_simulate_leaves_no_device_behind(string signal)
    {
        var prefix = $"signal{signal}-";
        using var process = Start("simulate", "--count", "2", "--duration", "600", "--interval", "0.1", "--prefix", prefix, "--data", server.Data);
        await CliRun.OkAsync(server.On("monitor", "--device", prefix + "2", "--from", "earliest", "--max", "1"));

        using var kill = Process.Start("kill", [signal, process.Id.ToString()]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, process.ExitCode);
        Assert.Equal("note: stopped; tidying up.\n", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await CliRun.RefusedAsync(1, server.On("device", "show", prefix + "1"), "DeviceNotFound");
        await CliRun.RefusedAsync(1, server.On("device", "show", prefix + "2"), "DeviceNotFound");
    }

    private static Process Start(params IEnumerable<string> arguments) => Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "gatehouse-cli"), arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
