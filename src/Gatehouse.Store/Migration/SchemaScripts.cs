using System.Reflection;
using DbUp.Engine;

namespace Gatehouse.Store.Migration;

/// <summary>Finds the schema scripts that rooms embed as <c>Schema/NNNN-name.sql</c>.</summary>
public static class SchemaScripts
{
    private const string Folder = ".Schema.";

    /// <summary>Scripts of all rooms, each named <c>Assembly/NNNN-name.sql</c>. Those of this project run first, the rooms' in the order of their names: rooms may fill its tables.</summary>
    public static IReadOnlyList<SqlScript> Find(IReadOnlyList<Assembly> assemblies)
    {
        var scripts = new List<SqlScript>();
        var own = typeof(SchemaScripts).Assembly;
        foreach (var assembly in assemblies.Prepend(own).Distinct())
        {
            var options = new SqlScriptOptions { RunGroupOrder = assembly == own ? 0 : 1 };
            foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.Contains(Folder, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var file = resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..];
                scripts.Add(new SqlScript($"{assembly.GetName().Name}/{file}", reader.ReadToEnd(), options));
            }
        }

        return scripts;
    }

    /// <summary>Throws when the journal names scripts that this program does not know: a newer version has used the database.</summary>
    /// <exception cref="StoreException">The database is newer than the program.</exception>
    public static void RefuseNewer(IEnumerable<string> journal, IReadOnlyList<SqlScript> known)
    {
        var unknown = journal.Except(known.Select(script => script.Name), StringComparer.Ordinal).Order(StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
        {
            throw new StoreException($"The store was used by a newer version of Gatehouse (it has run '{unknown}'). Start that version, or restore a backup from before the upgrade.");
        }
    }
}
