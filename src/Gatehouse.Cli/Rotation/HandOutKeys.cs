using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Rotation;

/// <summary><c>rotation keys</c>: writes the new keys of a plan for devices into a file that nobody else can read.</summary>
internal sealed class HandOutKeys(Shell shell)
{
    private readonly Argument<string> plan = new("plan") { Description = "The plan's id, as 'rotation list' shows it." };
    private readonly Option<string> to = new("--to") { Description = "New file: id,slot,key, one a line (mode 0600).", HelpName = "file", Required = true };

    internal Command Command => shell.Command(
        "keys",
        "Writes the new keys of a plan's devices into a file; the audit log says who did.",
        ["gatehouse rotation keys 638… --to keys.csv"],
        [plan, to],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var path = call.Value(to)!;
        var written = 0;

        // Before the first key leaves the server: what cannot be kept is not asked for.
        await using (var file = Open(path))
        {
            await file.WriteLineAsync("id,slot,key");
            string? next = null;
            do
            {
                var page = await call.Hub.GetAsync(HubPath.Operator("rotations", call.Value(plan), "keys").With("after", next), call.Cancellation);
                foreach (var key in page["keys"]!.AsArray())
                {
                    await file.WriteLineAsync($"{Quoted((string)key!["identity"]!)},{key["slot"]},{key["key"]}");
                    written++;
                }

                next = (string?)page["next"];
            }
            while (next is not null);
        }

        return call.Answer(new JsonObject { ["file"] = path, ["keys"] = written }, terminal => terminal.Line($"{written} keys are in '{path}', which only you can read. Delete it when the devices have them."));
    }

    // Ids may have commas in them.
    private static string Quoted(string id) => id.AsSpan().IndexOfAny(',', '"') < 0 ? id : $"\"{id.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static StreamWriter Open(string path)
    {
        // A new one: what lies there already may be readable by others, and keeps its mode.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new StreamWriter(path, options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"--to: '{path}' cannot be made: {error.Message}", error);
        }
    }
}
