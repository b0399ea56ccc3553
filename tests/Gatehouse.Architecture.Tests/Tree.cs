using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Gatehouse.Architecture.Tests;

/// <summary>The repository as these tests see it: project files with their references, and hand-written sources.</summary>
internal static class Tree
{
    internal static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    internal static IReadOnlyDictionary<string, IReadOnlyList<string>> References { get; } = Directory
        .GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(Short, file => (IReadOnlyList<string>)[.. XDocument.Load(file).Descendants("ProjectReference").Select(reference => Short(reference.Attribute("Include")!.Value))]);

    internal static IEnumerable<string> Sources(params string[] folders) => folders
        .SelectMany(folder => Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "node_modules" or "artifacts"));

    private static string Short(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))["Gatehouse.".Length..];

    private static string Here([CallerFilePath] string path = "") => path;
}
