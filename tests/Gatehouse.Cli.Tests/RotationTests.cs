using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class RotationTests(RunningServer server)
{
    [Fact]
    public async Task A_plan_is_rehearsed_made_started_paused_and_cancelled_and_shows_its_steps()
    {
        var drill = await CliRun.OkAsync(server.On("rotation", "plan", "policy-key", "registryRead", "--drill"));
        Assert.Contains("1 wait until nobody uses the secondary key", drill.Output, StringComparison.Ordinal);

        var made = (await CliRun.OkAsync(server.On("rotation", "plan", "policy-key", "registryRead", "--first", "primary", "--at-latest", "604800", "--json"))).Json;
        var id = (string)made["id"]!;
        Assert.Equal(("planned", "primaryKey", 604_800L, 86_400L), ((string)made["state"]!, (string)made["firstKey"]!, (long)made["atLatestSeconds"]!, (long)made["unusedForSeconds"]!));
        Assert.Contains((await CliRun.OkAsync(server.On("rotation", "list", "--json"))).Json.AsArray(), each => (string?)each!["id"] == id);

        await CliRun.RefusedAsync(1, server.On("rotation", "plan", "policy-key", "registryRead"), id, "cancel it first");

        Assert.Contains("running", (await CliRun.OkAsync(server.On("rotation", "start", id))).Output, StringComparison.Ordinal);
        Assert.Contains("paused", (await CliRun.OkAsync(server.On("rotation", "pause", id))).Output, StringComparison.Ordinal);
        Assert.Equal("running", (string?)(await CliRun.OkAsync(server.On("rotation", "resume", id, "--json"))).Json["state"]);
        Assert.Equal("cancelled", (string?)(await CliRun.OkAsync(server.On("rotation", "cancel", id, "--json"))).Json["state"]);
        var shown = await CliRun.OkAsync(server.On("rotation", "show", id));
        Assert.Contains("nothing was changed", shown.Output, StringComparison.Ordinal);
        Assert.Contains("4 regenerate the secondary key", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_for_devices_says_whom_it_serves_and_hands_their_keys_out_into_a_new_file()
    {
        using var folder = new TemporaryFolder();
        await CliRun.OkAsync(server.On("device", "create", "rotation-key"));
        await CliRun.OkAsync(server.On("device", "create", "rotation-ca", "--auth-method", "x509_ca"));
        var list = Path.Combine(folder.Path, "devices");
        await File.WriteAllTextAsync(list, "rotation-key\n\nrotation-ca\nrotation-none\n", TestContext.Current.CancellationToken);
        var drill = await CliRun.OkAsync(server.On("rotation", "plan", "device-key", "--devices-file", list, "--canary", "1", "--drill"));
        Assert.Contains("It comes by certificate", drill.Output, StringComparison.Ordinal);
        Assert.Contains("canary group: 1 waiting", drill.Output, StringComparison.Ordinal);

        var id = (string)(await CliRun.OkAsync(server.On("rotation", "plan", "device-key", "--device", "rotation-key", "--tell", "--json"))).Json["id"]!;
        await CliRun.RefusedAsync(1, server.On("rotation", "plan", "device-key", "--query", "deviceId = 'rotation-key'"), id);
        await CliRun.RefusedAsync(1, server.On("rotation", "plan", "device-key", "--device", "rotation-ca"), "nobody");
        var file = Path.Combine(folder.Path, "keys.csv");
        Assert.Equal(0, (int)(await CliRun.OkAsync(server.On("rotation", "keys", id, "--to", file, "--json"))).Json["keys"]!);
        Assert.Equal(["id,slot,key"], await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        await CliRun.RefusedAsync(2, server.On("rotation", "keys", id, "--to", file), "--to");

        await CliRun.OkAsync(server.On("rotation", "start", id));
        Assert.Equal("rolling-back", (string?)(await CliRun.OkAsync(server.On("rotation", "rollback", id, "--json"))).Json["state"]);
        await CliRun.RefusedAsync(2, server.On("rotation", "plan", "device-key", "some", "--query", "*"), "no name");
        await CliRun.RefusedAsync(2, server.On("rotation", "plan", "ca", "one"), "two names");
    }

    [Fact]
    public async Task A_plan_begins_at_a_time_and_rules_are_set_listed_and_removed()
    {
        var made = (await CliRun.OkAsync(server.On("rotation", "plan", "policy-key", "registryReadWrite", "--at", "+8h", "--json"))).Json;
        Assert.Equal("waiting", (string?)made["state"]);
        Assert.Contains("begins by itself at", (await CliRun.OkAsync(server.On("rotation", "show", (string)made["id"]!))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("rotation", "cancel", (string)made["id"]!));
        await CliRun.RefusedAsync(2, server.On("rotation", "plan", "policy-key", "registryReadWrite", "--at", "+8"), "+8h");
        await CliRun.RefusedAsync(2, server.On("rotation", "plan", "policy-key", "registryReadWrite", "--at", "+8h", "--start"), "--start");
        await CliRun.RefusedAsync(1, server.On("rotation", "plan", "policy-key", "registryReadWrite", "--at", "2027-01-31T02:00:00"), "zone");

        var rule = (await CliRun.OkAsync(server.On("rotation", "rule", "set", "policy-key", "--max-age", "31536000", "--unused-for", "172800", "--at-once", "2", "--json"))).Json;
        Assert.Equal((31_536_000L, 172_800L, 2L), ((long)rule["maxAgeSeconds"]!, (long)rule["unusedForSeconds"]!, (long)rule["atOnce"]!));
        Assert.Contains("365.00:00:00", (await CliRun.OkAsync(server.On("rotation", "rule", "list"))).Output, StringComparison.Ordinal);
        Assert.Contains("iothubowner", (await CliRun.OkAsync(server.On("rotation", "due", "policy-key", "--max", "10"))).Output, StringComparison.Ordinal);
        Assert.Contains("is gone", (await CliRun.OkAsync(server.On("rotation", "rule", "remove", "policy-key"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("rotation", "rule", "remove", "policy-key"), "no rule");
        await CliRun.RefusedAsync(2, server.On("rotation", "rule", "set", "policy-key", "--max-age", "31536000", "--tell"), "device-key");
        await CliRun.RefusedAsync(1, server.On("rotation", "rule", "set", "policy-key", "--max-age", "100"), "twice");
    }
}
