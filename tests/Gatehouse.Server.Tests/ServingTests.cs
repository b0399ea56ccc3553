using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Server.Tests;

/// <summary>What a started server answers, and where.</summary>
public sealed class ServingTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public void The_first_start_makes_data_and_a_connection_file_that_only_its_owner_reads()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(server.ConnectionPath).UnixFileMode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(server.Data).UnixFileMode);
        Assert.All(["store.db", "streams", "keys", "tls"], name => Assert.True(Path.Exists(Path.Combine(server.Data, name)), name));
        Assert.Equal(("gatehouse", "localhost"), (Hub("name"), Hub("hostName")));
        Assert.StartsWith("HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey=", server.ConnectionString, StringComparison.Ordinal);
        Assert.False(server.Connection.GetProperty("ports").TryGetProperty("mqttPlain", out _));
    }

    [Fact]
    public async Task The_connection_string_opens_the_service_api_and_nothing_else_does()
    {
        const string devices = "/devices?api-version=2021-04-12";

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.AskAsync(devices)).Status);
        Assert.Equal((HttpStatusCode.OK, "[]"), await server.AskAsync(devices, server.Token()));
    }

    [Theory]
    [InlineData("/health/live", "live\n")]
    [InlineData("/health/ready", "ready\n")]
    public async Task Health_answers_on_both_ports(string path, string expected)
    {
        Assert.Equal((HttpStatusCode.OK, expected), await server.AskAsync(path));
        Assert.Equal((HttpStatusCode.OK, expected), await server.AskOperationsAsync(path));
    }

    [Fact]
    public async Task Metrics_are_on_the_operations_port_and_out_of_reach_through_https_whatever_the_host_header()
    {
        Assert.Contains("gatehouse_", (await server.AskOperationsAsync("/metrics")).Body, StringComparison.Ordinal);

        var refused = await server.AskAsync("/metrics", server.Token(), $"127.0.0.1:{server.Port("metrics")}");

        Assert.Equal((HttpStatusCode.NotFound, ""), refused);
    }

    [Theory]
    [InlineData("/devices?api-version=2021-04-12")]
    [InlineData("/gatehouse/v1/policies")]
    [InlineData("/$iothub/websocket")]
    public async Task The_operations_port_serves_nothing_but_metrics_and_health(string path) =>
        Assert.Equal((HttpStatusCode.NotFound, ""), await server.AskOperationsAsync(path, server.Token(), "localhost"));

    [Fact]
    public async Task The_websocket_path_is_served()
    {
        var answer = await server.AskAsync("/$iothub/websocket");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("mqtt", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_is_refused_in_one_line_and_leaves_the_first_alone()
    {
        var second = await ServerChild.RunAsync("--data", server.Data, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0");

        RefusedStart.Check(second, $"another server runs on '{server.Data}'");
        Assert.True(File.Exists(server.ConnectionPath));
    }

    [Theory]
    [InlineData("--mqtt-port", "mqtt")]
    [InlineData("--amqp-port", "amqp")]
    [InlineData("--https-port", "mqtt")]
    [InlineData("--metrics-port", "metrics")]
    [InlineData("--mqtt-plain-port", "metrics")]
    public async Task A_port_in_use_is_one_line_that_names_it(string setting, string taken)
    {
        using var folder = new TemporaryFolder();
        var ports = new Dictionary<string, string> { ["--mqtt-port"] = "0", ["--amqp-port"] = "0", ["--https-port"] = "0", ["--metrics-port"] = "0", [setting] = server.Port(taken).ToString() };

        var ended = await ServerChild.RunAsync(["--data", folder.Path, .. ports.SelectMany(pair => new[] { pair.Key, pair.Value })]);

        RefusedStart.Check(ended, server.Port(taken).ToString());
        Assert.Contains("in use", ended.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.Path, "connection.json")));
    }

    [Fact]
    public async Task The_mqtt_port_listens()
    {
        using var socket = new TcpClient();

        await socket.ConnectAsync(IPAddress.Loopback, server.Port("mqtt"), TestContext.Current.CancellationToken);

        Assert.True(socket.Connected);
    }

    private string? Hub(string name) => server.Connection.GetProperty("hub").GetProperty(name).GetString();
}
