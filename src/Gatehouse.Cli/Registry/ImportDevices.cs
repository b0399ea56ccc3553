using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Registry;

/// <summary><c>device import FILE</c>: many identities at once, each with its own outcome; what was not done can be written to a file and given again.</summary>
internal sealed class ImportDevices(Shell shell)
{
    private readonly Argument<string> file = new("file") { Description = "JSON lines or one JSON array of {\"id\", \"moduleId\", \"importMode\", \"status\", \"authentication\", …}; - reads the input." };
    private readonly Option<string?> failed = new("--failed") { Description = "Write what was not imported here, unchanged, to be imported again (mode 0600: it may hold keys).", HelpName = "file" };

    internal Command Command => shell.Command(
        "import",
        "Creates, updates or deletes many devices and modules; importMode defaults to createOrUpdate.",
        ["gatehouse device import devices.jsonl --failed again.jsonl", """echo '{"id":"sensor-1"}' | gatehouse device import -"""],
        [file, failed],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var items = await ImportFile.ReadAsync(call, call.Value(file));
        await using var again = OpenFailed(call.Value(failed));
        var (done, refused, unknown) = (0, 0, 0);
        var errors = new JsonArray();
        await foreach (var outcome in new BulkImport(call.Hub).RunAsync(items, call.Cancellation))
        {
            call.Terminal.Progress($"{done + refused + unknown + 1} of {items.Count}");
            if (outcome.Error is not { } error)
            {
                done++;
                continue;
            }

            _ = outcome.IsUnknown ? unknown++ : refused++;
            errors.Add(new JsonObject { ["place"] = outcome.Item.Place, ["id"] = outcome.Item.Key.ToString(), ["error"] = error, ["isUnknown"] = outcome.IsUnknown });
            if (!call.IsJson)
            {
                call.Terminal.Note($"{outcome.Item.Place}, '{outcome.Item.Key}': {error}");
            }

            if (again is not null)
            {
                await again.WriteLineAsync(outcome.Item.Body.ToJsonString(SafeJson.Line));
            }
        }

        call.Terminal.EndProgress();
        call.Answer(
            new JsonObject { ["imported"] = done, ["refused"] = refused, ["unknown"] = unknown, ["errors"] = errors },
            terminal => terminal.Line($"{done} imported, {refused} refused{(unknown > 0 ? $", {unknown} unknown (the answer was lost; importing them again is safe with createOrUpdate)" : "")}."));
        return refused + unknown == 0 ? ExitCode.Ok : ExitCode.Refused;
    }

    private static StreamWriter? OpenFailed(string? path)
    {
        if (path is null)
        {
            return null;
        }

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
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
            throw CliException.Usage($"--failed: '{path}' cannot be written: {error.Message}", error);
        }
    }
}
