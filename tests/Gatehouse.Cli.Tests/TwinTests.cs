using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class TwinTests(RunningServer server)
{
    [Fact]
    public async Task A_twin_is_shown_updated_and_replaced()
    {
        await CliRun.OkAsync(server.On("device", "create", "twin-1"));
        await CliRun.OkAsync(server.On("twin", "update", "twin-1", "--tags", """{"site":"north"}""", "--desired", """{"interval":30,"mode":"fast"}"""));
        await CliRun.OkAsync(server.On("twin", "update", "twin-1", "--desired", """{"mode":null}"""));

        var shown = (await CliRun.OkAsync(server.On("twin", "show", "twin-1"))).Output;
        Assert.Matches("""(?m)^tags +\{"site":"north"\}$""", shown);
        Assert.Matches("""(?m)^desired +\{"interval":30,"\$version":3\}$""", shown);
        var twin = (await CliRun.OkAsync(server.On("twin", "show", "twin-1", "--json"))).Json;
        Assert.NotNull(twin["properties"]!["desired"]!["$metadata"]!["interval"]);

        var file = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-twin-").FullName, "twin.json");
        await File.WriteAllTextAsync(file, """{"properties":{"desired":{"only":1}}}""", TestContext.Current.CancellationToken);
        var replaced = (await CliRun.OkAsync(server.On("twin", "replace", "twin-1", "--content", "@" + file, "--etag", (string)twin["etag"]!, "--json"))).Json;
        Assert.Equal("{}", replaced["tags"]!.ToJsonString());
        Assert.Equal(1, (int)replaced["properties"]!["desired"]!["only"]!);
        await CliRun.RefusedAsync(1, server.On("twin", "update", "twin-1", "--tags", "{}", "--etag", (string)twin["etag"]!), "PreconditionFailed");
    }

    [Fact]
    public async Task The_twin_of_a_module_is_its_own()
    {
        await CliRun.OkAsync(server.On("device", "create", "twin-2"));
        await CliRun.OkAsync(server.On("module", "create", "twin-2", "camera"));

        await CliRun.OkAsync(server.On("twin", "update", "twin-2", "--module", "camera", "--desired", """{"m":1}"""));

        Assert.Equal(1, (int)(await CliRun.OkAsync(server.On("twin", "show", "twin-2", "-m", "camera", "--json"))).Json["properties"]!["desired"]!["m"]!);
        Assert.Null((await CliRun.OkAsync(server.On("twin", "show", "twin-2", "--json"))).Json["properties"]!["desired"]!["m"]);
    }

    [Theory]
    [InlineData("{oops")]
    [InlineData("[1]")]
    public async Task What_is_no_json_object_is_said_before_anything_is_sent(string text) =>
        await CliRun.RefusedAsync(2, server.On("twin", "update", "twin-1", "--desired", text), "--desired");

    [Fact]
    public async Task An_update_of_nothing_is_a_mistake() => await CliRun.RefusedAsync(2, server.On("twin", "update", "twin-1"), "--desired or --tags");
}
