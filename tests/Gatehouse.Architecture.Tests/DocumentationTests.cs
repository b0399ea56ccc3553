using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.Architecture.Tests;

public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_operation_has_its_line_in_compatibility()
    {
        var page = Read("docs/compatibility.md");
        var operations = OperationRow().Matches(Read("src/Gatehouse.Contracts/Access/Operations.cs")).Select(match => match.Groups[1].Value).ToList();

        Assert.True(operations.Count > 10);
        Assert.DoesNotContain(operations, name => !Regex.IsMatch(page, $@"\b{name}\b"));
    }

    [Fact]
    public void Each_operation_of_the_planes_is_answered_and_what_shows_it_exists()
    {
        var page = Read("docs/compatibility.md");
        var start = page.IndexOf("## Operation by operation", StringComparison.Ordinal);
        var rows = page[start..page.IndexOf("\n## ", start + 1, StringComparison.Ordinal)].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| operation", StringComparison.Ordinal)).ToList();
        var shown = Tree.Sources("tests").Concat(Directory.GetFiles(Path.Combine(Tree.Root, "tests/conformance/scenarios"))).Select(file => Path.GetFileName(file).Split('.')[0]).ToHashSet(StringComparer.Ordinal);

        Assert.True(rows.Count > 70, $"{rows.Count} rows");
        foreach (var row in rows)
        {
            var answer = OperationAnswer().Match(row);
            Assert.True(answer.Success, row);
            var names = answer.Groups[2].Value.Split(", ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            Assert.True(names.Length > 0 == (answer.Groups[1].Value == "yes"), row);
            Assert.All(names, name => Assert.Contains(name, shown));
        }
    }

    [Fact]
    public void Every_instrument_and_log_event_is_in_telemetry()
    {
        var page = Read("docs/telemetry.md");
        var sources = Tree.Sources("src").Select(File.ReadAllText).ToList();
        var names = sources.SelectMany(text => Instrument().Matches(text).Concat(LogEvent().Matches(text))).Select(match => match.Groups[1].Value).ToList();

        Assert.True(names.Count > 40);
        Assert.DoesNotContain(names, name => !page.Contains($"| {name} |", StringComparison.Ordinal) && !page.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_page_that_the_readme_names_exists()
    {
        var links = Link().Matches(Read("README.md")).Select(match => match.Groups[1].Value).Where(link => !link.Contains(':', StringComparison.Ordinal)).ToList();

        Assert.True(links.Count > 5);
        Assert.DoesNotContain(links, link => !Path.Exists(Path.Combine(Tree.Root, link)));
    }

    [Fact]
    public void Every_decision_that_the_sources_name_is_written_down()
    {
        var written = Directory.GetFiles(Path.Combine(Tree.Root, "docs/decisions")).Select(file => Path.GetFileName(file)[..4]).ToHashSet();

        var named = Tree.Sources("src", "tests").SelectMany(file => Decision().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToList();

        Assert.True(named.Count > 4);
        Assert.DoesNotContain(named, number => !written.Contains(number));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Tree.Root, path));

    [GeneratedRegex("""= (?:Device|Service|Operator|Registration|Provisioning)\("(\w+)""")]
    private static partial Regex OperationRow();

    // The last cells of a row: yes or no, sometimes the name of the row in Operations, and the tests.
    [GeneratedRegex(@"\| (yes|no) \|(?: \w* \|)? ?([\w, -]*) ?\|$")]
    private static partial Regex OperationAnswer();

    [GeneratedRegex("""\.Create\w+(?:<\w+>)?\(\s*"([a-z.]+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex("""EventName = "(\w+)""")]
    private static partial Regex LogEvent();

    [GeneratedRegex(@"decisions/(\d{4})")]
    private static partial Regex Decision();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
