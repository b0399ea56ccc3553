using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class CredentialUseTests(RunningServer server)
{
    [Fact]
    public async Task A_login_is_listed_under_its_key_with_TLS_version_and_cipher_and_as_live()
    {
        using var device = await TestDevice.ConnectAsync(server, "use-1");

        var use = Assert.Single((await CliRun.OkAsync(server.On("credential", "show", "use-1", "--json"))).Json.AsArray())!;
        Assert.Equal(("primaryKey", "mqtt", "1.3"), ((string)use["credential"]!, (string)use["protocol"]!, (string)use["tlsVersion"]!));
        Assert.StartsWith("TLS_", (string)use["cipherSuite"]!, StringComparison.Ordinal);
        Assert.Equal(64, ((string)use["serverCertificate"]!).Length);
        Assert.StartsWith("CN=", (string)use["serverIssuer"]!, StringComparison.Ordinal);
        Assert.Contains("primaryKey", (await CliRun.OkAsync(server.On("credential", "show", "use-1"))).Output, StringComparison.Ordinal);

        var users = (await CliRun.OkAsync(server.On("credential", "users", "primaryKey", "--max", "1000", "--days", "1", "--json"))).Json;
        Assert.Contains(users["value"]!.AsArray(), each => (string?)each!["deviceId"] == "use-1");
        Assert.True((int)users["live"]! >= 1);
        Assert.Contains("sessions stand on it now", (await CliRun.OkAsync(server.On("credential", "users", "primaryKey"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_has_every_policy_key_and_those_that_nobody_uses_alone_when_asked()
    {
        var all = (await CliRun.OkAsync(server.On("credential", "list", "--json"))).Json;
        var owner = all["credentials"]!.AsArray().Single(each => (string?)each!["credential"] == "policy/iothubowner/primaryKey")!;
        Assert.NotNull(owner["lastUsed"]);

        var unused = (await CliRun.OkAsync(server.On("credential", "list", "--unused", "--json"))).Json.AsArray();
        Assert.Contains("policy/registryReadWrite/secondaryKey", Names(unused));
        Assert.DoesNotContain("policy/iothubowner/primaryKey", Names(unused));
        Assert.Contains("policy/iothubowner/primaryKey", (await CliRun.OkAsync(server.On("credential", "list"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused()
    {
        await CliRun.RefusedAsync(1, server.On("credential", "users", "thirdKey"), "credential must be");
        await CliRun.RefusedAsync(1, server.On("credential", "users", "sas", "--after", "x"), "after");
        await CliRun.RefusedAsync(2, server.On("credential", "users", "sas", "--max", "0"), "--max");
        await CliRun.RefusedAsync(2, server.On("credential", "list", "--days", "-1"), "--days");
        await CliRun.RefusedAsync(2, server.On("credential", "show", "a b"), "a b");
    }

    [Fact]
    public async Task The_radar_names_who_would_fail_and_what_it_does_not_know_is_refused()
    {
        using var device = await TestDevice.ConnectAsync(server, "radar-1");
        await CliRun.OkAsync(server.On("device", "create", "radar-2"));

        var seen = (await CliRun.OkAsync(server.On("radar", "--without", "primaryKey", "--max", "1000", "--json"))).Json;
        Assert.Equal("fails", Outcome(seen, "radar-1"));
        Assert.Equal("unknown", Outcome(seen, "radar-2"));
        Assert.Null(Outcome((await CliRun.OkAsync(server.On("radar", "--without", "tls/1.2", "--only", "fails", "--max", "1000", "--json"))).Json, "radar-1"));
        Assert.Contains("would fail", (await CliRun.OkAsync(server.On("radar", "--without", "policy/iothubowner"))).Output, StringComparison.Ordinal);
        Assert.Contains("(back ends)", (await CliRun.OkAsync(server.On("radar", "--without", "policy/iothubowner"))).Output, StringComparison.Ordinal);

        await CliRun.RefusedAsync(1, server.On("radar", "--without", "ca/none"), "no CA certificate 'none'");
        await CliRun.RefusedAsync(1, server.On("radar", "--without", "tls/1.1"), "server-issuer/NAME");
        await CliRun.RefusedAsync(2, server.On("radar"), "--without");
    }

    private static string? Outcome(JsonNode page, string device) => (string?)page["value"]!.AsArray().SingleOrDefault(each => (string?)each!["deviceId"] == device)?["outcome"];

    private static IEnumerable<string?> Names(JsonArray credentials) => credentials.Select(each => (string?)each!["credential"]);
}
