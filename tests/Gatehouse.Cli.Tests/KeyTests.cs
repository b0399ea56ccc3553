using System.Diagnostics;
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

        var keys = (await CliRun.OkAsync(server.On("key", "list", "--json"))).Json["stores"]!.AsArray().Single()!["keys"]!.AsArray().Where(static key => !IsOfTrustLog(key!));
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

    [Fact]
    public async Task Signing_keys_in_an_HSM_become_CAs_of_the_server_and_of_an_outside_root()
    {
        using var hsm = new SoftHsm();
        using var folder = new TemporaryFolder();
        var token = hsm.NewToken();
        string At(string name) => $"pkcs11:token={Uri.EscapeDataString(token.Label)};object={name}";
        await using var server = new RunningServer();
        await server.StartAsync("--key-store", "file", "--key-store", token.Uri);

        await CliRun.RefusedAsync(2, server.On("key", "create", At("x"), "--type", "ec-p256"), "--use signing");
        await CliRun.RefusedAsync(2, server.On("key", "create", At("x"), "--use", "other"), "wrapping or signing");
        await CliRun.RefusedAsync(1, server.On("key", "create", At("x"), "--use", "signing", "--type", "dsa"), "ArgumentInvalid", "ec-p384");
        await CliRun.OkAsync(server.On("key", "create", At("root"), "--use", "signing"));
        await CliRun.OkAsync(server.On("key", "create", At("issuing"), "--use", "signing", "--type", "ec-p384"));
        await CliRun.RefusedAsync(1, server.On("key", "create", At("issuing")), "Conflict", "already");
        await CliRun.RefusedAsync(1, server.On("key", "use", At("issuing")), "cannot wrap data keys");
        var keys = (await CliRun.OkAsync(server.On("key", "list", "--json"))).Json["stores"]!.AsArray().SelectMany(store => store!["keys"]!.AsArray()).Where(static key => !IsOfTrustLog(key!));
        Assert.Equal(
            [("file:wrapping", "wrapping", true), (At("issuing"), "signing", false), (At("root"), "signing", false)],
            keys.Select(key => ((string)key!["key"]!, (string)key["use"]!, (bool)key["isInUse"]!)));
        Assert.Matches("object=issuing +signing +ECDSA P-384 in the token", (await CliRun.OkAsync(server.On("key", "list"))).Output);

        Assert.Matches("^credential policy 'own' created", (await CliRun.OkAsync(server.On("enrollment", "policy", "create", "own", "--signing-key", At("root")))).Output);
        await CliRun.RefusedAsync(1, server.On("enrollment", "policy", "update", "own", "--new-authority"), "lest it leaves");

        // The outside root, as an operator has it: openssl.
        await CliRun.RefusedAsync(1, server.On("key", "request", At("issuing"), "--subject", "not a name"), "ArgumentInvalid");
        await CliRun.RefusedAsync(1, server.On("key", "request", At("none"), "--subject", "CN=x"), "NotFound", "gatehouse key create");
        await File.WriteAllTextAsync(In("issuing.csr"), (await CliRun.OkAsync(server.On("key", "request", At("issuing"), "--subject", "CN=Issuing CA,O=Contoso"))).Output, TestContext.Current.CancellationToken);
        OpenSsl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Outside root", "-keyout", In("root.key"), "-out", In("root.pem"), "-days", "30");
        OpenSsl("req", "-in", In("issuing.csr"), "-verify", "-noout");
        OpenSsl("x509", "-req", "-in", In("issuing.csr"), "-CA", In("root.pem"), "-CAkey", In("root.key"), "-CAcreateserial", "-copy_extensions", "copyall", "-out", In("issuing.pem"), "-days", "20");
        await CliRun.RefusedAsync(1, server.On("enrollment", "policy", "create", "plant", "--signing-key", At("root"), "--certificate", In("issuing.pem")), "is not that of the certificate");
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", "plant", "--signing-key", At("issuing"), "--certificate", In("issuing.pem")));
        var shown = (await CliRun.OkAsync(server.On("enrollment", "policy", "show", "plant"))).Output;
        Assert.Matches("(?m)^CA +O=Contoso, CN=Issuing CA$|(?m)^CA +CN=Issuing CA, O=Contoso$", shown);
        Assert.Matches("(?m)^CA key +pkcs11:token=.*;object=issuing$", shown);

        var audit = (await CliRun.OkAsync(server.On("audit", "list", "--json", "--max", "1000"))).Json.AsArray().Select(record => (string?)record!["action"]).Where(action => action!.StartsWith("key.", StringComparison.Ordinal)).ToList();
        Assert.Equal(["key.create", "key.create", "key.request"], audit);

        string In(string name) => Path.Combine(folder.Path, name);
    }

    private static void OpenSsl(params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = run.StandardOutput.ReadToEndAsync();
        var errors = run.StandardError.ReadToEnd();
        run.WaitForExit();
        Assert.True(run.ExitCode == 0, errors + output.Result);
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

    // The server makes it by itself, sooner or later.
    private static bool IsOfTrustLog(JsonNode key) => ((string)key["key"]!).Contains("trust-log-", StringComparison.Ordinal);
}
