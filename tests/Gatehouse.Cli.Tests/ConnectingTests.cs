using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>How the command line finds its hub, and what it says when it does not.</summary>
public sealed class ConnectingTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "no HostName")]
    [InlineData("hello", "is not of the form")]
    [InlineData("HostName=localhost", "no SharedAccessKeyName")]
    [InlineData("HostName=localhost;SharedAccessKeyName=p", "no SharedAccessKey;")]
    [InlineData("HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0!", "not base64")]
    [InlineData("HostName=localhost;SharedAccessKeyName=p;SharedAccessSignature=", "no SharedAccessSignature")]
    [InlineData("HostName=localhost;HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "once")]
    [InlineData("HostName=local host;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "not a host name")]
    [InlineData("HostName=localhost:0;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "port")]
    [InlineData("HostName=localhost:x;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "port")]
    [InlineData("HostName=localhost;DeviceId=d;SharedAccessKey=c2VjcmV0", "a device's connection string")]
    public async Task A_wrong_connection_string_is_a_usage_error_that_does_not_show_it(string text, string expected)
    {
        var said = await CliRun.RefusedAsync(2, ["device", "list", "--connection-string", text], "--connection-string", expected);

        Assert.DoesNotContain("c2VjcmV0", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_with_what_may_be_wrong() => await CliRun.RefusedAsync(
        1,
        ["device", "list", "--ca-file", Ca, "--connection-string", $"HostName=localhost:{server.Port("https")};SharedAccessKeyName=iothubowner;SharedAccessKey=AAAA"],
        "IotHubUnauthorizedAccess", "'iothubowner'", "clock");

    [Fact]
    public async Task A_root_that_is_not_the_servers_is_refused_before_anything_is_sent()
    {
        using var stranger = TestCertificates.SelfSigned("CN=stranger", isAuthority: true);
        var file = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(file, stranger.ExportCertificatePem(), TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(1, server.On("device", "list", "--ca-file", file), "does not lead to the root in", "--ca-file");
        await CliRun.RefusedAsync(1, server.On("simulate", "--count", "1", "--ca-file", file), "does not lead to the root in");
        await CliRun.RefusedAsync(1, ["device", "list", "--data", folder.Path, "--connection-string", WithPort(server.ConnectionString)], "does not lead to the system's roots");
    }

    [Fact]
    public async Task A_name_that_the_certificate_does_not_hold_is_refused() => await CliRun.RefusedAsync(
        1,
        ["device", "list", "--ca-file", Ca, "--connection-string", $"HostName=127.0.0.2:{server.Port("https")};SharedAccessKeyName=p;SharedAccessKey=AAAA"],
        "is not made for the name '127.0.0.2'", "--host-name 127.0.0.2");

    [Fact]
    public async Task A_ca_file_that_is_missing_or_empty_is_a_usage_error()
    {
        var file = Path.Combine(folder.Path, "empty.pem");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(2, server.On("device", "list", "--ca-file", file), "no certificate");
        await CliRun.RefusedAsync(2, server.On("device", "list", "--ca-file", file + "x"), "cannot be read");
    }

    [Fact]
    public async Task Without_a_server_the_error_names_the_directory_and_how_to_start_one() =>
        await CliRun.RefusedAsync(1, ["device", "list", "--data", folder.Path], $"no server runs on '{folder.Path}'", "gatehouse up");

    [Fact]
    public async Task A_file_that_a_killed_server_left_behind_leads_to_nothing_listens()
    {
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "connection.json"),
            $$$"""{"ports":{"https":9,"mqtt":9},"hub":{"hostName":"localhost","connectionString":"HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=AAAA"},"caFile":"{{{Ca}}}"}""",
            TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(1, ["device", "list", "--data", folder.Path], "nothing listens at localhost:9", "gatehouse up");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"hub\":{\"connectionString\":5}}")]
    public async Task A_broken_connection_file_is_one_line(string text)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "connection.json"), text, TestContext.Current.CancellationToken);

        await CliRun.RefusedAsync(1, ["device", "list", "--data", folder.Path], "connection.json", "--connection-string");
    }

    [Fact]
    public async Task An_unknown_host_is_named() => await CliRun.RefusedAsync(
        1, ["device", "list", "--connection-string", "HostName=hub.invalid;SharedAccessKeyName=p;SharedAccessKey=AAAA"], "hub.invalid");

    [Fact]
    public async Task The_environment_names_the_hub_and_options_win_over_it()
    {
        var environment = new Dictionary<string, string> { ["GATEHOUSE_CONNECTION_STRING"] = WithPort(server.ConnectionString), ["GATEHOUSE_CA_FILE"] = Ca, ["GATEHOUSE_DATA"] = folder.Path };

        Assert.Equal(0, await (await CliRun.EndAsync(["device", "list"], environment: environment)).Ending);
        (await CliRun.EndAsync(["device", "list", "--data", folder.Path], environment: environment)).CheckRefused(1, "no server runs on");
        Assert.Equal(0, await (await CliRun.EndAsync(["device", "list"], environment: new Dictionary<string, string> { ["GATEHOUSE_DATA"] = server.Data })).Ending);
    }

    [Fact]
    public async Task A_connection_string_as_the_server_prints_it_takes_ports_and_root_from_the_local_file() =>
        await CliRun.OkAsync("device", "list", "--data", server.Data, "--connection-string", server.ConnectionString);

    private string Ca => server.Connection.GetProperty("caFile").GetString()!;

    private string WithPort(string connectionString) => connectionString.Replace("localhost", $"localhost:{server.Port("https")}", StringComparison.Ordinal);
}
