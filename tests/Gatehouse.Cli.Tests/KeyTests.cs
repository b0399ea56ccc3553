using System.Text.Json.Nodes;
using Gatehouse.Keys.Tests;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>The group <c>key</c>, against servers whose wrapping key moves while they run.</summary>
public sealed class KeyTests
{
    private readonly Dictionary<string, string> given = [];

    [Fact]
    public async Task The_wrapping_key_moves_from_a_file_into_an_HSM_and_a_TPM_while_devices_come_and_go()
    {
        using var hsm = new SoftHsm();
        using var tpm = new Swtpm();
        var token = hsm.NewToken();
        var inToken = $"pkcs11:token={Uri.EscapeDataString(token.Label)};object=wrapping";
        string[] stores = ["--key-store", token.Uri, "--key-store", tpm.Uri, "--key-store", "file"];
        await using var server = new RunningServer();
        await server.StartAsync();
        await CreateAsync(server, "before");
        await server.Child.TerminateAsync();
        await server.StartAsync(stores);

        await CliRun.OkAsync(server.On("key", "move", inToken));
        Assert.False(File.Exists(Path.Combine(server.Data, "keys", "wrapping.key")));
        await CliRun.OkAsync(server.On("key", "rotate"));
        await CreateAsync(server, "between");
        await ConnectAsync(server, "before", "between");

        // Without the token everything goes on but what needs it, and that works again as soon as it is back.
        token.PullOut();
        await ConnectAsync(server, "before", "between");
        await CreateAsync(server, "without");
        await CliRun.RefusedAsync(1, server.On("key", "rotate"), "ServiceUnavailable", token.Label, "is not there");
        await CliRun.RefusedAsync(1, server.On("key", "rotate", "--wrapping"), "ServiceUnavailable", "is not there");
        Assert.Contains("is not there", (await CliRun.OkAsync(server.On("key", "list"))).Output, StringComparison.Ordinal);
        token.PutBack();
        await CliRun.OkAsync(server.On("key", "rotate"));
        await CliRun.OkAsync(server.On("key", "rotate", "--wrapping"));
        Assert.Equal(inToken + "-2", (string?)(await CliRun.OkAsync(server.On("key", "list", "--json"))).Json["wrappingKey"]);

        await server.Child.KillAsync();
        await server.StartAsync(stores);
        await ConnectAsync(server, "before", "between", "without");

        // A token that is lost for good is left for the TPM by the server that still runs.
        token.PullOut();
        await CliRun.OkAsync(server.On("key", "move", "tpm:wrapping"));
        await server.Child.KillAsync();
        await server.StartAsync(stores);
        await ConnectAsync(server, "before", "between", "without");
        await CliRun.OkAsync(server.On("key", "move", "file:wrapping"));
        await server.Child.TerminateAsync();
        await server.StartAsync();
        await ConnectAsync(server, "before", "between", "without");

        var audit = (await CliRun.OkAsync(server.On("audit", "list", "--json", "--max", "1000"))).Json.AsArray().Select(record => (string?)record!["action"]).Where(action => action!.StartsWith("key.", StringComparison.Ordinal)).ToList();
        Assert.Equal(["key.move", "key.rotate", "key.rotate", "key.rotate", "key.move", "key.move"], audit);
        await CliRun.OkAsync(server.On("audit", "verify"));
    }

    [Fact]
    public async Task A_new_server_makes_its_wrapping_key_in_the_token_and_no_file()
    {
        using var hsm = new SoftHsm();
        var token = hsm.NewToken();
        await using var server = new RunningServer();

        await server.StartAsync("--key-store", token.Uri);
        await CreateAsync(server, "d1");

        Assert.Equal(["ca.key", "data-keys.json", "wrapping.location"], Directory.GetFiles(Path.Combine(server.Data, "keys")).Select(Path.GetFileName).Order());
        await CliRun.RefusedAsync(1, server.On("key", "move", "file:wrapping"), "InvalidOperation", "'file' is none of this server's key stores");

        await server.Child.TerminateAsync();
        token.PullOut();
        var ended = await ServerChild.RunAsync("--data", server.Data, "--mqtt-port", "0", "--amqp-port", "0", "--https-port", "0", "--metrics-port", "0", "--key-store", token.Uri);
        Assert.Equal((1, 1), (ended.ExitCode, ended.Errors.Count(letter => letter == '\n')));
        Assert.Contains("is not there", ended.Errors, StringComparison.Ordinal);
        token.PutBack();
        await server.StartAsync("--key-store", token.Uri);
        await ConnectAsync(server, "d1");
    }

    [Fact]
    public async Task Keys_are_made_used_and_listed_and_what_cannot_be_is_refused()
    {
        await using var server = new RunningServer();
        await server.StartAsync();

        await CliRun.RefusedAsync(1, server.On("key", "use", "file:spare"), "NotFound", "gatehouse key create");
        await CliRun.OkAsync(server.On("key", "create", "file:spare"));
        await CliRun.RefusedAsync(1, server.On("key", "create", "file:spare"), "Conflict", "already");
        await CliRun.OkAsync(server.On("key", "use", "file:spare"));
        await CliRun.RefusedAsync(1, server.On("key", "use", "file:spare"), "wraps the data keys already");
        await CliRun.RefusedAsync(1, server.On("key", "create", "pkcs11:token=t;object=o?module-path=/tmp/x.so"), "ArgumentInvalid", "file:NAME");
        await CliRun.RefusedAsync(1, server.On("key", "create", "file:../x"), "ArgumentInvalid");

        var keys = (await CliRun.OkAsync(server.On("key", "list", "--json"))).Json["stores"]!.AsArray().Single()!["keys"]!.AsArray();
        Assert.Equal([("file:spare", true), ("file:wrapping", false)], keys.Select(key => ((string)key!["key"]!, (bool)key["isInUse"]!)));
        Assert.Contains("data keys: 1; number 1 seals.", (await CliRun.OkAsync(server.On("key", "list"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_that_was_killed_before_the_audit_log_had_it_is_there_after_the_next_start()
    {
        await using var server = new RunningServer();
        await server.StartAsync();
        await CliRun.OkAsync(server.On("key", "rotate"));
        await server.Child.KillAsync();
        var path = Path.Combine(server.Data, "keys", "data-keys.json");
        var file = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        Assert.Null(file["unrecorded"]);
        file["unrecorded"] = new JsonObject { ["hub"] = server.Connection.GetProperty("hub").GetProperty("name").GetString(), ["actor"] = "policy:iothubowner", ["action"] = "key.move", ["subject"] = "file:cut-short" };
        await File.WriteAllTextAsync(path, file.ToJsonString(), TestContext.Current.CancellationToken);

        await server.StartAsync();

        var records = (await CliRun.OkAsync(server.On("audit", "list", "--json", "--max", "1000"))).Json.AsArray().Select(record => ((string?)record!["action"], (string?)record["subject"])).ToList();
        Assert.Single(records, ("key.move", "file:cut-short"));
        Assert.DoesNotContain("cut-short", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("key", "rotate"));
    }

    // By the key that the device was given when it was made.
    private async Task CreateAsync(RunningServer server, string id)
    {
        await CliRun.OkAsync(server.On("device", "create", id));
        given[id] = (string)(await CliRun.OkAsync(server.On("device", "keys", id, "--json"))).Json["primaryKey"]!;
    }

    private async Task ConnectAsync(RunningServer server, params IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            using var device = new TestDevice(server, id);
            Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(given[id]));
            await device.SendAsync("hello");
        }
    }
}
