namespace Gatehouse.Cli.Registry;

/// <summary>Two keys of one's own, one a line, from a file or from the input: never from an argument, which all users of a machine can see.</summary>
internal static class KeyFile
{
    private const string Input = "-";
    private const int MinBytes = 16;
    private const int MaxBytes = 64;

    internal static async Task<(string Primary, string Secondary)> ReadAsync(Call call, string path)
    {
        var text = path == Input ? await call.Surroundings.Input.ReadToEndAsync(call.Cancellation) : await InputFile.ReadTextAsync(path, call.Cancellation);
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 2 && lines.All(IsKey)
            ? (lines[0], lines[1])
            : throw CliException.Usage($"--keys-from: two lines are expected, the primary and the secondary key, each base64 of {MinBytes} to {MaxBytes} bytes (openssl rand -base64 32).");
    }

    private static bool IsKey(string line)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        return Convert.TryFromBase64String(line, bytes, out var length) && length >= MinBytes;
    }
}
