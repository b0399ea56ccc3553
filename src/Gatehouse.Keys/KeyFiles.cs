namespace Gatehouse.Keys;

/// <summary>Files that hold keys: written whole or not at all, readable by their owner only.</summary>
internal static class KeyFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OthersBits = ~(OwnerOnly | UnixFileMode.UserExecute) & (UnixFileMode)0x1FF;

    internal static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        RefuseOthers(path);
    }

    /// <summary>Null when the file does not exist.</summary>
    /// <exception cref="KeysException">Others than the owner may read it.</exception>
    internal static byte[]? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        RefuseOthers(path);
        return File.ReadAllBytes(path);
    }

    /// <summary>Writes beside, syncs, renames, syncs the directory.</summary>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        Stage(path, content);
        Rename(path);
    }

    internal static void Delete(string path)
    {
        File.Delete(path);
        DirectorySync.Run(Path.GetDirectoryName(path)!);
    }

    /// <summary>Drops what was staged by a change that was cut short.</summary>
    internal static void Discard(string path) => File.Delete(Beside(path));

    /// <summary>Writes beside and syncs; <see cref="Finish"/> gives it its name.</summary>
    internal static void Stage(string path, ReadOnlySpan<byte> content)
    {
        File.Delete(Beside(path));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(Beside(path), options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Names what was staged and reads it; null when nothing was.</summary>
    /// <exception cref="KeysException">Others than the owner may read it.</exception>
    internal static byte[]? Finish(string path)
    {
        if (Read(Beside(path)) is not { } content)
        {
            return null;
        }

        Rename(path);
        return content;
    }

    /// <summary>Gives what was staged its name, for good: also after a loss of power, either the old content or the new is there.</summary>
    internal static void Rename(string path)
    {
        File.Move(Beside(path), path, overwrite: true);
        DirectorySync.Run(Path.GetDirectoryName(path)!);
    }

    private static string Beside(string path) => path + ".new";

    private static void RefuseOthers(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & OthersBits) != 0)
        {
            throw new KeysException($"'{path}' can be reached by others than its owner; close it with: chmod go= '{path}'");
        }
    }
}
