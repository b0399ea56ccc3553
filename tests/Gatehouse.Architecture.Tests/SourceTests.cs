using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.Architecture.Tests;

public sealed partial class SourceTests
{
    private const int LongestFile = 500;

    [Fact]
    public void No_file_is_longer_than_five_hundred_lines()
    {
        var tooLong = Tree.Sources("src", "tests").Select(file => (File: file, Lines: File.ReadLines(file).Count())).Where(entry => entry.Lines > LongestFile);

        Assert.Empty(tooLong.Select(entry => $"{Path.GetRelativePath(Tree.Root, entry.File)}: {entry.Lines}"));
    }

    [Fact]
    public void Nothing_is_left_undone_hidden_in_a_region_or_skipped()
    {
        AssertNowhere(Unfinished(), "src", "tests");
    }

    [Fact]
    public void No_type_is_named_after_nothing()
    {
        AssertNowhere(VagueName(), "src");
    }

    [Fact]
    public void No_folder_is_a_dumping_ground()
    {
        string[] names = ["Core", "Common", "Shared", "Utils", "Helpers", "Infrastructure", "Misc"];

        var folders = Directory.GetDirectories(Path.Combine(Tree.Root, "src"), "*", SearchOption.AllDirectories).Where(folder => names.Contains(Path.GetFileName(folder)));

        Assert.Empty(folders);
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong =
            from file in Tree.Sources("src")
            let line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
            where line is not null
            let parts = Path.GetRelativePath(Path.Combine(Tree.Root, "src"), Path.GetDirectoryName(file)!).Split(Path.DirectorySeparatorChar)
            let expected = $"namespace {string.Join('.', parts)};"
            where line != expected
            select $"{Path.GetRelativePath(Tree.Root, file)}: {line}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Only_the_server_and_the_command_line_read_the_environment()
    {
        var readers = Tree.Sources("src")
            .Where(file => !file.Contains("Gatehouse.Server", StringComparison.Ordinal) && !file.Contains("Gatehouse.Cli", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains("GetEnvironmentVariable", StringComparison.Ordinal));

        Assert.Empty(readers);
    }

    private static void AssertNowhere(Regex pattern, params string[] folders)
    {
        var hits =
            from file in Tree.Sources(folders)
            where !file.EndsWith("SourceTests.cs", StringComparison.Ordinal)
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where pattern.IsMatch(line.Text)
            select $"{Path.GetRelativePath(Tree.Root, file)}:{line.Number}: {line.Text.Trim()}";

        Assert.Empty(hits);
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b|NotImplementedException|^\s*#region|Skip *= *""")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\b(class|record|struct|interface) \w*(Manager|Helper|Helpers|Utils|Utility|Factory|Provider|Service)\b")]
    private static partial Regex VagueName();
}
