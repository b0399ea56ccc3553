using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Querying;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment compute-device-keys</c>: the keys of all devices that have registered through a group, derived here, into a file that nobody else can read.</summary>
internal sealed class ComputeDeviceKeys(Shell shell)
{
    private readonly Argument<string> group = new("group") { Description = "The group; its key and its registrations are asked of the service." };
    private readonly Option<string> keyType = Words.OneOf(new Option<string>("--key-type", "--kt") { Description = "primary (default) or secondary key of the group.", HelpName = "key", DefaultValueFactory = _ => "primary" }, "primary", "secondary");
    private readonly Option<string> to = new("--to") { Description = "New file: registrationId,key, one a line (mode 0600).", HelpName = "file", Required = true };

    internal Command Command => shell.Command(
        "compute-device-keys",
        "Writes the keys of all registered devices of a group into a file, derived on this machine.",
        ["gatehouse enrollment compute-device-keys plant-7 --key-type secondary --to keys.csv"],
        [group, keyType, to],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var (name, path) = (call.Value(group), call.Value(to)!);
        var groupKey = await ComputeDeviceKey.GroupKeyAsync(call, name, call.Value(keyType)!);
        var written = 0;
        await using (var file = Open(path))
        {
            await file.WriteLineAsync("registrationId,key");
            await foreach (var state in QueryPages.ReadAsync(call.Provisioning, HubPath.Provisioning("registrations", name, "query"), new JsonObject(), null, call.Cancellation))
            {
                // Registration ids have neither commas nor quotes.
                var id = (string)state["registrationId"]!;
                await file.WriteLineAsync($"{id},{ComputeDeviceKey.Derive(groupKey, id)}");
                written++;
            }
        }

        return call.Answer(new JsonObject { ["file"] = path, ["keys"] = written }, terminal => terminal.Line($"{written} keys are in '{path}', which only you can read. Delete it when the devices have them."));
    }

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
            throw new CliException($"'{path}' cannot be made: {error.Message}");
        }
    }
}
