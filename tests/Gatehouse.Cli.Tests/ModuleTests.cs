using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class ModuleTests(RunningServer server)
{
    [Fact]
    public async Task A_module_lives_from_create_to_delete()
    {
        await CliRun.OkAsync(server.On("device", "create", "mod-1"));
        Assert.Contains("module 'mod-1/camera' created", (await CliRun.OkAsync(server.On("module", "create", "mod-1", "camera", "--managed-by", "me"))).Output, StringComparison.Ordinal);
        var keys = (await CliRun.OkAsync(server.On("module", "keys", "mod-1", "camera", "--json"))).Json;

        Assert.Equal(
            $"HostName=localhost;DeviceId=mod-1;ModuleId=camera;SharedAccessKey={keys["primaryKey"]}\n",
            (await CliRun.OkAsync(server.On("module", "connection-string", "mod-1", "camera"))).Output);
        Assert.Matches("(?m)^managed by +me$", (await CliRun.OkAsync(server.On("module", "show", "mod-1", "camera"))).Output);
        await CliRun.OkAsync(server.On("module", "update", "mod-1", "camera", "--managed-by", "you"));
        await CliRun.OkAsync(server.On("module", "regenerate-key", "mod-1", "camera", "swap"));
        var listed = Assert.Single((await CliRun.OkAsync(server.On("module", "list", "mod-1", "--show-keys", "--json"))).Json.AsArray())!;
        Assert.Equal(("you", (string?)keys["secondaryKey"]), ((string?)listed["managedBy"], (string?)listed["authentication"]!["symmetricKey"]!["primaryKey"]));
        Assert.Contains("camera", (await CliRun.OkAsync(server.On("module", "list", "mod-1"))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("module", "delete", "mod-1", "camera"));
        await CliRun.RefusedAsync(1, server.On("module", "show", "mod-1", "camera"), "ModuleNotFound", "gatehouse module list");
    }

    [Fact]
    public async Task Modules_of_an_unknown_device_are_refused() =>
        await CliRun.RefusedAsync(1, server.On("module", "create", "nobody", "camera"), "DeviceNotFound");
}
