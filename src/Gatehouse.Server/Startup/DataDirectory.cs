namespace Gatehouse.Server.Startup;

/// <summary>The one directory that holds all state; locked while a server runs on it.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream lockFile;

    private DataDirectory(string path, FileStream lockFile)
    {
        Path = path;
        this.lockFile = lockFile;
    }

    internal string Path { get; }

    internal string ConnectionFile => System.IO.Path.Combine(Path, "connection.json");

    internal string StoreFile => System.IO.Path.Combine(Path, "store.db");

    internal string StreamsFolder => System.IO.Path.Combine(Path, "streams");

    internal string FilesFolder => System.IO.Path.Combine(Path, "files");

    internal string KeysFolder => System.IO.Path.Combine(Path, "keys");

    internal string TlsFolder => System.IO.Path.Combine(Path, "tls");

    /// <summary>Creates the directory (mode 0700) where it is missing, and locks it.</summary>
    /// <exception cref="StartupException">It cannot be made or written, or another server runs on it.</exception>
    internal static DataDirectory Open(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--data: '{path}' cannot be created: {error.Message} Choose a directory that you may write with --data.", error);
        }

        try
        {
            // FileShare.None is an advisory flock on Unix: it goes with the process, so that a killed server leaves no lock behind.
            return new DataDirectory(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error)
        {
            throw new StartupException($"--data: another server runs on '{path}'. Stop it first, or choose another directory with --data.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StartupException($"--data: '{path}' cannot be written by this user. Change its owner, or choose another directory with --data.", error);
        }
    }

    public void Dispose() => lockFile.Dispose();
}
