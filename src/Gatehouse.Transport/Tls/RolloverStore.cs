namespace Gatehouse.Transport.Tls;

/// <summary>The files of the rollover: the one that decides, the roots that clients are given, and what is left over.</summary>
internal sealed class RolloverStore(TlsOptions options, MadeCertificates first)
{
    private readonly string _folder = options.Folder;

    public RolloverFile File { get; private set; } = RolloverFile.Read(options.Folder);

    /// <summary>From here on it is so, whatever happens.</summary>
    public void Write(RolloverFile file)
    {
        file.Write(_folder);
        File = file;
    }

    /// <summary>PEM of all roots that clients must trust: those of what is shown, and of what will be.</summary>
    public string Roots()
    {
        if (File is { Made: "", Installed: null, Change: null } && System.IO.File.Exists(first.RootPath))
        {
            return System.IO.File.ReadAllText(first.RootPath);
        }

        var roots = new List<string>();
        foreach (var (made, installed) in new[] { (File.Made, File.Installed), File.Next })
        {
            roots.Add(first.Of(made).RootPem());
            if (installed is not null)
            {
                roots.Add(HandedInFiles.RootPem(_folder, installed));
            }
        }

        return string.Concat(roots.Distinct(StringComparer.Ordinal));
    }

    /// <summary>The file that clients are given.</summary>
    public void WriteRoots()
    {
        var roots = Roots();
        if (System.IO.File.ReadAllText(first.RootPath) != roots)
        {
            KeyFiles.Write(first.RootPath, roots, isSecret: false);
        }
    }

    /// <summary>Deletes what no step names any more, keys first, and sets the roots right: completes what was cut short.</summary>
    public void Tidy()
    {
        string?[] named = [File.Made, File.Installed, File.Change?.Id];
        foreach (var id in Ids().Where(id => !named.Contains(id)).ToList())
        {
            first.Of(id).Delete();
            HandedInFiles.Delete(_folder, id);
        }

        // Another root is for good: the first one's key must sign nothing any more.
        if (File.Made.Length > 0 && File.Change is null)
        {
            WriteRoots();
            first.Of("").Delete();
        }
        else if (System.IO.File.Exists(Path.Combine(_folder, RolloverFile.FileName)))
        {
            if (File is { Made: "", Installed: null, Change: null })
            {
                // Back where it was: the root alone.
                KeyFiles.Write(first.RootPath, first.Of("").RootPem(), isSecret: false);
            }
            else
            {
                WriteRoots();
            }
        }
    }

    private HashSet<string> Ids() =>
        [.. Named(_folder, "handed-in-*"), .. Named(_folder, "server-*"), .. Named(_folder, "root-*"), .. Named(options.KeysFolder, "ca-*")];

    private static IEnumerable<string> Named(string folder, string pattern) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, pattern).Select(path => Path.GetFileName(path)[(pattern.Length - 1)..].Split('.')[0]).Where(static id => id.Length == 16 && RolloverFile.IsId(id, mayBeEmpty: false))
        : [];
}
