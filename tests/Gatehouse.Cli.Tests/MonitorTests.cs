using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class MonitorTests(RunningServer server)
{
    [Fact]
    public async Task Events_are_shown_with_their_properties_and_annotations_when_asked()
    {
        using var device = await TestDevice.ConnectAsync(server, "mon-1");
        await device.SendAsync("""{"temperature":21.5}""", "alarm=true&flag&%24.ct=application%2Fjson&%24.ce=utf-8&%24.mid=m-1");
        await device.SendAsync("hello");
        await device.SendAsync("");

        var plain = await CliRun.OkAsync(server.On("monitor", "--device", "mon-1", "--from", "earliest", "--max", "3"));
        var full = await CliRun.OkAsync(server.On("monitor", "-d", "mon-1", "--from", "earliest", "--max", "1", "--properties", "--annotations"));

        Assert.Equal(3, plain.Out.Lines.Count);
        Assert.Matches("""^\d\d:\d\d:\d\d\.\d{3}  mon-1  {"temperature":21\.5}$""", plain.Out.Lines[0]);
        Assert.EndsWith("  mon-1  hello", plain.Out.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith("  mon-1  (empty)", plain.Out.Lines[2], StringComparison.Ordinal);
        Assert.Contains("    system message-id = m-1\n", full.Output, StringComparison.Ordinal);
        Assert.Contains("    property alarm = true\n", full.Output, StringComparison.Ordinal);
        Assert.Contains("    property flag\n", full.Output, StringComparison.Ordinal);
        Assert.Contains("    annotation iothub-connection-device-id = mon-1\n", full.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_device_writes_cannot_command_the_terminal()
    {
        using var device = await TestDevice.ConnectAsync(server, "evil-1");
        const string evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n\u202e";
        await device.SendAsync(evil, $"{Uri.EscapeDataString("n" + evil)}={Uri.EscapeDataString(evil)}&%24.mid={Uri.EscapeDataString(evil)}");
        await device.SendAsync($$"""{"{{evil.Replace("\u001b", "\\u001b").Replace("\r\n", "\\r\\n").Replace("\u0007", "\\u0007")}}":1}""", "%24.ct=application%2Fjson");

        var text = await CliRun.OkAsync(server.On("monitor", "--device", "evil-1", "--from", "earliest", "--max", "2", "--properties", "--annotations"));
        var json = await CliRun.OkAsync(server.On("monitor", "--device", "evil-1", "--from", "earliest", "--max", "2", "--json"));

        Assert.Contains(@"\u001b]0;owned\u0007", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Output + json.Output, letter => letter != '\n' && (char.IsControl(letter) || letter == '\u202e'));
        Assert.Equal(2, json.Out.Lines.Count);
        Assert.Equal(evil, (string?)JsonNode.Parse(json.Out.Lines[0])!["bodyText"]);
    }

    [Fact]
    public async Task One_partition_is_read_from_an_offset_or_a_time()
    {
        using var device = await TestDevice.ConnectAsync(server, "part-1");
        await device.SendAsync("one");
        await device.SendAsync("two");
        var first = JsonNode.Parse((await CliRun.OkAsync(server.On("monitor", "--device", "part-1", "--from", "earliest", "--max", "1", "--json"))).Output)!;
        var (partition, offset) = (first["partition"]!.ToString(), (string)first["offset"]!);

        var after = await CliRun.OkAsync(server.On("monitor", "--device", "part-1", "--partition", partition, "--from", "offset:" + offset, "--max", "1"));
        var at = await CliRun.OkAsync(server.On("monitor", "--device", "part-1", "--partition", partition, "--from", "sequence:" + offset, "--max", "2"));
        var since = await CliRun.OkAsync(server.On("monitor", "--device", "part-1", "--from", "time:" + (string)first["enqueuedTime"]!, "--max", "2"));

        Assert.EndsWith("two\n", after.Output, StringComparison.Ordinal);
        Assert.EndsWith("two\n", at.Output, StringComparison.Ordinal);
        Assert.EndsWith("two\n", since.Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(2, server.On("monitor", "--partition", "99"), "partitions 0 to");
    }

    [Fact]
    public async Task It_ends_with_code_zero_when_nothing_comes_for_the_time_out_and_on_an_interrupt()
    {
        using var device = await TestDevice.ConnectAsync(server, "quiet-1");

        var idle = await CliRun.OkAsync(server.On("monitor", "--device", "quiet-1", "--timeout", "1"));
        using var run = CliRun.Start(server.On("monitor", "--device", "quiet-1"));
        await run.UntilAsync(each => each.Errors.Contains("Waiting for events", StringComparison.Ordinal));
        await run.InterruptAsync();

        Assert.Equal("", idle.Output);
        Assert.Equal(0, await run.Ending);
    }

    [Fact]
    public async Task It_goes_on_after_a_killed_server_is_back_on_other_ports_without_loss_or_doubles()
    {
        await using var own = new RunningServer();
        await own.InitializeAsync();
        string[] ids = ["back-1", "back-2", "back-3"];
        foreach (var id in ids)
        {
            using var device = await TestDevice.ConnectAsync(own, id);
            await device.SendAsync("before it was watched");
        }

        using var run = CliRun.Start(own.On("monitor", "--json"));
        await run.UntilAsync(each => each.Errors.Contains("Waiting for events", StringComparison.Ordinal));
        await SendAsync(own, ids.Take(2), "first");
        await run.UntilAsync(each => each.Out.Lines.Count == 10);
        await own.Child.KillAsync();
        await run.UntilAsync(each => each.Errors.Contains("Trying again", StringComparison.Ordinal));
        await own.StartAsync();
        await SendAsync(own, ids, "second");
        await run.UntilAsync(each => each.Out.Lines.Count >= 25);
        await run.InterruptAsync();

        Assert.Equal(0, await run.Ending);
        var events = run.Out.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(25, events.Count);
        Assert.Equal(25, events.Select(each => (each["partition"]!.ToString(), each["offset"]!.ToString())).Distinct().Count());
        Assert.Equal(
            Numbered("first", 2).Concat(Numbered("second", 3)).Order(),
            events.Select(each => $"{each["annotations"]!["iothub-connection-device-id"]} {each["bodyText"]}").Order());
        Assert.Contains("connected again", run.Errors, StringComparison.Ordinal);

        IEnumerable<string> Numbered(string word, int devices) => ids.Take(devices).SelectMany(id => Enumerable.Range(1, 5).Select(number => $"{id} {word} {number}"));
    }

    private static async Task SendAsync(RunningServer on, IEnumerable<string> ids, string word)
    {
        foreach (var id in ids)
        {
            using var device = new TestDevice(on, id);
            await device.TryConnectAsync((string)(await CliRun.OkAsync(on.On("device", "keys", id, "--json"))).Json["primaryKey"]!);
            for (var number = 1; number <= 5; number++)
            {
                await device.SendAsync($"{word} {number}");
            }
        }
    }
}
