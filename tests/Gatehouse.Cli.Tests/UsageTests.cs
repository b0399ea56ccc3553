using System.CommandLine;
using Gatehouse.Cli.Output;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("devices")]
    [InlineData("device")]
    [InlineData("device create")]
    [InlineData("device create a b")]
    [InlineData("device create a --colour red")]
    [InlineData("device create a --status on")]
    [InlineData("device create a --auth-method password")]
    [InlineData("device create a --auth-method x509_thumbprint")]
    [InlineData("device create a --auth-method x509_ca --primary-thumbprint AA")]
    [InlineData("device create a --auth-method x509_ca --keys-from -")]
    [InlineData("device create ä")]
    [InlineData("device update a")]
    [InlineData("device list --top 0")]
    [InlineData("device list --top x")]
    [InlineData("device list --data")]
    [InlineData("device regenerate-key a both")]
    [InlineData("device connection-string a --key-type both")]
    [InlineData("device import nowhere.jsonl")]
    [InlineData("module create a")]
    [InlineData("monitor --module m")]
    [InlineData("monitor --max 0")]
    [InlineData("monitor --timeout -1")]
    [InlineData("monitor --from yesterday")]
    [InlineData("monitor --from offset:1")]
    [InlineData("simulate --count 0")]
    [InlineData("simulate --size 1")]
    [InlineData("simulate --interval -1")]
    [InlineData("why a/b/c")]
    [InlineData("why a --max 0")]
    [InlineData("audit list --max 1001")]
    [InlineData("audit list --after -1")]
    [InlineData("up")]
    public async Task A_wrong_command_line_is_exit_code_two_and_one_line(string line) =>
        await CliRun.RefusedAsync(2, line.Split(' '));

    [Fact]
    public async Task Arguments_with_an_at_sign_are_no_files_of_arguments() => await CliRun.RefusedAsync(2, ["@/etc/hostname"], "@/etc/hostname");

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("")]
    public async Task Help_lists_every_command_and_up(string line)
    {
        var run = await CliRun.OkAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.All(["up", "device", "module", "enrollment", "certificate", "policy", "consumer-group", "monitor", "simulate", "why", "audit"], word => Assert.Matches($@"(?m)^  {word}\b", run.Output));
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example_of_itself()
    {
        foreach (var (path, command) in CommandPage.Leaves(TestTree.Root))
        {
            var run = await CliRun.OkAsync([.. path.Split(' ').Skip(1), "--help"]);

            Assert.Contains(command.Description!, run.Output.ReplaceLineEndings(" ").Replace("  ", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.True(path == "gatehouse up" || run.Output.Contains("  " + path, StringComparison.Ordinal) || run.Output.Contains("$(" + path, StringComparison.Ordinal) || run.Output.Contains("| " + path, StringComparison.Ordinal), path);
        }
    }

    [Fact]
    public async Task The_version_is_that_of_the_assembly() => Assert.Equal($"gatehouse {Cli.Version}\n", (await CliRun.OkAsync("--version")).Output);

    [Fact]
    public async Task A_cancelled_command_ends_in_one_line()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        using var errors = new StringWriter();

        var code = await Cli.RunAsync(["device", "list", "--connection-string", "HostName=localhost:9;SharedAccessKeyName=p;SharedAccessKey=AAAA"], TextWriter.Null, errors, stop.Token);

        Assert.Equal((1, "gatehouse: stopped before it was done.\n"), (code, errors.ToString()));
    }

    [Fact]
    public void The_page_of_the_command_line_is_printed_from_the_tree()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gatehouse.slnx")))
        {
            folder = folder.Parent!;
        }

        Assert.Equal(CommandPage.Text(TestTree.Root), File.ReadAllText(Path.Combine(folder.FullName, "docs", "cli.md")));
    }
}

/// <summary>The command tree of a command line that nobody runs.</summary>
internal static class TestTree
{
    private static readonly Surroundings Nowhere = new() { Output = TextWriter.Null, Error = TextWriter.Null };

    internal static Command Root => CommandTree.Build(Nowhere, new Terminal(Nowhere));
}
