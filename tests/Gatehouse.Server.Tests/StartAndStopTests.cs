using Gatehouse.Server.Configuration;
using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>How the server begins and ends.</summary>
public sealed class StartAndStopTests
{
    [Fact]
    public async Task A_wrong_setting_is_one_line_and_nothing_is_made()
    {
        var data = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        var ended = await ServerChild.RunAsync("--data", data, "--mqtt-port", "x");

        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.Equal("--mqtt-port: 'x' is not a whole number; allowed: 0–65535; 0 lets the system choose.\n", ended.Errors);
        Assert.False(Directory.Exists(data));
    }

    [Theory]
    [InlineData("--store", "postgres://hub:opensesame@127.0.0.1:1/hub", "127.0.0.1")]
    [InlineData("--streams", "nats://hub:opensesame@127.0.0.1:1", "127.0.0.1")]
    public async Task A_store_or_stream_out_of_reach_is_one_line_without_the_password(string setting, string value, string expected)
    {
        using var folder = new TemporaryFolder();

        var ended = await ServerChild.RunAsync("--data", folder.Path, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0", setting, value);

        RefusedStart.Check(ended, expected);
        Assert.DoesNotContain("opensesame", ended.Errors + ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/makers.pem", "'/nowhere/makers.pem' cannot be read")]
    [InlineData("/etc/hostname", "'/etc/hostname' holds no certificate in PEM or DER")]
    public async Task Makers_of_TPMs_that_cannot_be_read_keep_the_server_from_starting(string value, string expected)
    {
        using var folder = new TemporaryFolder();

        var ended = await ServerChild.RunAsync("--data", folder.Path, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0", "--tpm-manufacturer-roots", value);

        RefusedStart.Check(ended, expected);
    }

    [Fact]
    public async Task A_stop_removes_the_connection_file_and_the_next_start_finds_the_same_hub()
    {
        await using var server = new RunningServer();
        await server.StartAsync("--mqtt-plain-port", "0");
        var (connectionString, root) = (server.ConnectionString, await ReadRootAsync(server));
        Assert.NotEqual(0, server.Port("mqttPlain"));

        var ended = await server.Child.TerminateAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Contains(connectionString, ended.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(server.ConnectionPath));
        await server.StartAsync();
        Assert.Equal((connectionString, root), (server.ConnectionString, await ReadRootAsync(server)));
    }

    [Fact]
    public async Task A_killed_server_leaves_a_file_that_a_failed_start_removes()
    {
        await using var server = new RunningServer();
        await server.StartAsync();
        await server.Child.KillAsync();
        Assert.True(File.Exists(server.ConnectionPath));
        File.Delete(Path.Combine(server.Data, "keys", "wrapping.key"));

        var ended = await ServerChild.RunAsync("--data", server.Data, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0");

        RefusedStart.Check(ended, "wrapping.key' is missing");
        Assert.False(File.Exists(server.ConnectionPath));
    }

    [Fact]
    public async Task Json_log_lines_are_json()
    {
        await using var server = new RunningServer();
        await server.StartAsync("--json-log");

        var ended = await server.Child.TerminateAsync();

        Assert.Contains("\"EventId\":1007", ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version", "gatehouse ")]
    [InlineData("--help", "Runs the hub.")]
    [InlineData("-h", "Runs the hub.")]
    [InlineData("--help-markdown", "# Configuration")]
    public async Task Texts_are_printed_without_starting(string argument, string expected)
    {
        var ended = await ServerChild.RunAsync(argument);

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.StartsWith(expected, ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_page_is_printed_from_the_table_of_settings()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gatehouse.slnx")))
        {
            folder = folder.Parent!;
        }

        Assert.Equal(SettingsHelp.ForDocumentation(), File.ReadAllText(Path.Combine(folder.FullName, "docs", "configuration.md")));
    }

    private static Task<string> ReadRootAsync(RunningServer server) =>
        File.ReadAllTextAsync(server.Connection.GetProperty("caFile").GetString()!, TestContext.Current.CancellationToken);
}
