using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class ImportTests(RunningServer server)
{
    [Fact]
    public async Task Lines_are_imported_by_hundreds_and_each_gets_its_outcome()
    {
        using var folder = new TemporaryFolder();
        var (file, failed) = (Path.Combine(folder.Path, "devices.jsonl"), Path.Combine(folder.Path, "failed.jsonl"));
        await CliRun.OkAsync(server.On("device", "create", "many-150"));
        var lines = Enumerable.Range(1, 230).Select(number => $$"""{"id":"many-{{number}}","importMode":"create"}""").ToList();

        // A value that makes the hub refuse the whole call it is in.
        lines[41] = """{"id":"many-42","importMode":"created"}""";
        await File.WriteAllLinesAsync(file, lines, TestContext.Current.CancellationToken);

        var run = await CliRun.EndAsync(server.On("device", "import", file, "--failed", failed, "--json"));

        Assert.Equal(1, await run.Ending);
        Assert.Equal((228, 2, 0), ((int)run.Json["imported"]!, (int)run.Json["refused"]!, (int)run.Json["unknown"]!));
        Assert.Equal(["line 42", "line 150"], run.Json["errors"]!.AsArray().Select(error => (string?)error!["place"]));
        Assert.Contains("DeviceAlreadyExists", (string?)run.Json["errors"]![1]!["error"], StringComparison.Ordinal);
        Assert.Equal([lines[41], lines[149]], await File.ReadAllLinesAsync(failed, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(failed).UnixFileMode);
        await CliRun.OkAsync(server.On("device", "show", "many-230"));
    }

    [Fact]
    public async Task What_failed_can_be_mended_and_given_again_from_the_input()
    {
        var first = await CliRun.EndAsync(server.On("device", "import", "-"), """{"id":"again-1","importMode":"update"}""");
        var second = await CliRun.EndAsync(server.On("device", "import", "-"), """{"id":"again-1"}""");

        Assert.Equal((1, "0 imported, 1 refused.\n"), (await first.Ending, first.Output));
        Assert.Contains("line 1, 'again-1': ", first.Errors, StringComparison.Ordinal);
        Assert.Equal((0, "1 imported, 0 refused.\n"), (await second.Ending, second.Output));
    }

    [Fact]
    public async Task An_array_with_modules_and_the_same_id_twice_keeps_its_order()
    {
        var run = await CliRun.EndAsync(
            server.On("device", "import", "-"),
            """
            [ {"deviceId":"array-1"}, {"id":"array-1","moduleId":"m"}, {"id":"array-1","status":"disabled"} ]
            """);

        Assert.Equal("3 imported, 0 refused.\n", run.Output);
        Assert.Equal("disabled", (string?)(await CliRun.OkAsync(server.On("device", "show", "array-1", "--json"))).Json["status"]);
        await CliRun.OkAsync(server.On("module", "show", "array-1", "m"));
    }

    [Fact]
    public async Task Own_keys_are_imported_as_they_are()
    {
        const string key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        var item = new JsonObject { ["id"] = "keyed-1", ["authentication"] = new JsonObject { ["type"] = "sas", ["symmetricKey"] = new JsonObject { ["primaryKey"] = key, ["secondaryKey"] = key } } };

        await CliRun.EndAsync(server.On("device", "import", "-"), item.ToJsonString());

        Assert.Equal(key, (string?)(await CliRun.OkAsync(server.On("device", "keys", "keyed-1", "--json"))).Json["primaryKey"]);
    }

    [Theory]
    [InlineData("{\"id\":\"bad-1\"}\n{\"id\":", "line 2")]
    [InlineData("{\"id\":\"bad-1\"}\n[]", "line 2")]
    [InlineData("{\"id\":\"bad-1\"}\n{\"name\":\"x\"}", "line 2")]
    [InlineData("{\"id\":\"bad-1\"}\n{\"id\":\"with blank\"}", "line 2")]
    [InlineData("{\"id\":\"bad-1\",\"id\":\"bad-2\"}", "line 1")]
    [InlineData("[{\"id\":\"bad-1\"},3]", "item 2")]
    [InlineData("[{\"id\":\"bad-1\"},", "not a JSON array")]
    public async Task A_malformed_file_is_refused_before_anything_is_sent(string text, string place)
    {
        var run = await CliRun.EndAsync(server.On("device", "import", "-"), text);

        run.CheckRefused(2, place, "Nothing was imported.");
        await CliRun.RefusedAsync(1, server.On("device", "show", "bad-1"), "DeviceNotFound");
    }

    [Fact]
    public async Task A_server_that_is_gone_leaves_every_item_reported()
    {
        var run = await CliRun.EndAsync(
            ["device", "import", "-", "--json", "--connection-string", "HostName=localhost:9;SharedAccessKeyName=a;SharedAccessKey=AAAA"],
            string.Join('\n', Enumerable.Range(1, 150).Select(number => $$"""{"id":"gone-{{number}}"}""")));

        Assert.Equal(1, await run.Ending);
        Assert.Equal((0, 50, 100), ((int)run.Json["imported"]!, (int)run.Json["refused"]!, (int)run.Json["unknown"]!));
        Assert.Equal(150, run.Json["errors"]!.AsArray().Count);
    }
}
