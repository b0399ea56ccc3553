namespace Gatehouse.Cli;

/// <summary>Files that an argument names.</summary>
internal static class InputFile
{
    internal static async Task<string> ReadTextAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CannotRead(path, error);
        }
    }

    internal static async Task<byte[]> ReadBytesAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CannotRead(path, error);
        }
    }

    private static CliException CannotRead(string path, Exception error) => CliException.Usage(
        error is FileNotFoundException or DirectoryNotFoundException ? $"there is no file '{path}'. Check the path." : $"'{path}' cannot be read: {error.Message}", error);
}
