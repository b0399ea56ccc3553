using System.Text;
using Gatehouse.Keys;

namespace Gatehouse.Transport.Tls;

/// <summary>Private keys on disk: written whole or not at all, readable by the owner only, and refused when they are not.</summary>
internal static class KeyFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static void CreateFolder(string path, bool isPrivate)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (isPrivate && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
        else
        {
            Directory.CreateDirectory(path);
        }
    }

    /// <summary>Writes beside the target and renames, so that a reader sees the old or the new text and a crash leaves one of them.</summary>
    public static void Write(string path, string text, bool isSecret)
    {
        var beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = isSecret ? OwnerOnly : OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        }

        using (var file = new FileStream(beside, options))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        DirectorySync.Run(Path.GetDirectoryName(path)!);
    }

    /// <summary>Gone for good, where it was there.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            DirectorySync.Run(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Null when the file may hold a secret, else the sentence that says what to do.</summary>
    public static string? Fault(string path)
    {
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Others) == 0)
        {
            return null;
        }

        var mode = Convert.ToString((int)File.GetUnixFileMode(path), 8);
        return $"private key file {path} can be read by others (mode {mode}); run: chmod 600 '{path}'";
    }
}
