namespace Gatehouse.Cli.Routing;

/// <summary>A secret of one line, from a file or the input: never from an argument, which all users of a machine can see.</summary>
internal static class SecretFile
{
    private const string Input = "-";

    internal static async Task<string> ReadAsync(Call call, string path, string option)
    {
        var text = path == Input ? await call.Surroundings.Input.ReadToEndAsync(call.Cancellation) : await InputFile.ReadTextAsync(path, call.Cancellation);
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 1 ? lines[0] : throw CliException.Usage($"{option}: one line is expected.");
    }
}
