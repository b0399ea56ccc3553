using Xunit;

namespace Gatehouse.Architecture.Tests;

public sealed class ReferenceTests
{
    /// <summary>Who may know whom (docs/architecture.md). The server is the only place that references everything.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Contracts"] = [],
        ["Wire"] = ["Contracts"],
        ["Transport"] = ["Contracts", "Wire", "Keys"],
        ["Keys"] = ["Contracts"],
        ["Identity"] = ["Contracts", "Keys"],
        ["Store"] = ["Contracts"],
        ["Store.Sqlite"] = ["Contracts", "Store"],
        ["Store.Postgres"] = ["Contracts", "Store"],
        ["Streams"] = ["Contracts"],
        ["Streams.Nats"] = ["Contracts", "Streams"],
        ["Sinks"] = ["Contracts"],
        ["Hub"] = ["Contracts", "Keys", "Identity", "Sinks", "Store", "Streams"],
        ["Provisioning"] = ["Contracts", "Wire", "Transport", "Keys", "Identity", "Sinks", "Store"],
        ["Gateway"] = ["Contracts", "Wire", "Transport", "Identity", "Streams", "Hub"],
        ["ServiceApi"] = ["Contracts", "Wire", "Transport", "Identity", "Streams", "Hub"],
        ["Cli"] = ["Contracts"],
    };

    [Fact]
    public void References_point_down_only()
    {
        var wrong =
            from project in Tree.References
            where project.Key != "Server"
            from reference in project.Value
            where !Allowed.TryGetValue(project.Key, out var allowed) || !allowed.Contains(reference)
            select $"{project.Key} → {reference}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_has_its_place_in_the_table()
    {
        Assert.Equal(Allowed.Keys.Append("Server").Order(), Tree.References.Keys.Order());
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Tree.Root, "Gatehouse.slnx"));
        var projects = Directory.GetFiles(Path.Combine(Tree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Path.Combine(Tree.Root, "tests"), "*.csproj", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Tree.Root, file).Replace('\\', '/'));

        Assert.All(projects, project => Assert.Contains($"\"{project}\"", solution, StringComparison.Ordinal));
    }
}
