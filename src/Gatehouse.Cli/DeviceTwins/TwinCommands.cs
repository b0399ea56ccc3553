using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.DeviceTwins;

/// <summary>The group <c>twin</c>: tags, desired and reported properties.</summary>
internal sealed class TwinCommands(Shell shell)
{
    private readonly Argument<string> device = new("device") { Description = "Device id." };
    private readonly Option<string?> module = new("--module", "-m") { Description = "Id of a module of the device: its twin instead.", HelpName = "id" };
    private readonly Option<string?> desired = new("--desired") { Description = "Merge patch of the desired properties: JSON, or @FILE. null removes.", HelpName = "json" };
    private readonly Option<string?> tags = new("--tags") { Description = "Merge patch of the tags: JSON, or @FILE. null removes.", HelpName = "json" };
    private readonly Option<string> content = new("--content") { Description = "The twin: JSON with tags and properties.desired, or @FILE. What is not in it goes.", HelpName = "json", Required = true };
    private readonly Option<string?> etag = new("--etag") { Description = "Write only if this is still the ETag of the twin. Default: whatever it is.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new TwinCommands(shell);
        return Shell.Group("twin", "Twins of devices and modules: tags, desired and reported properties.", commands.Show, commands.Update, commands.Replace);
    }

    private Command Show => shell.Command(
        "show", "Shows the twin of a device or module.", ["gatehouse twin show sensor-1", "gatehouse twin show sensor-1 --module camera"], [device, module], async call =>
            Answer(call, await call.Hub.GetAsync(Path(call), call.Cancellation)));

    private Command Update => shell.Command(
        "update",
        "Merges tags and desired properties; a connected device is told at once.",
        ["gatehouse twin update sensor-1 --desired '{\"interval\": 30}'", "gatehouse twin update sensor-1 --tags '{\"site\": {\"hall\": 7}}' --desired '{\"old\": null}'"],
        [device, module, desired, tags, etag],
        async call =>
        {
            if (!call.IsGiven(desired) && !call.IsGiven(tags))
            {
                throw CliException.Usage("nothing is named to change: --desired or --tags.");
            }

            var patch = new JsonObject();
            if (call.Value(tags) is { } tagPatch)
            {
                patch["tags"] = await JsonArgument.ReadObjectAsync("--tags", tagPatch, call.Cancellation);
            }

            if (call.Value(desired) is { } desiredPatch)
            {
                patch["properties"] = new JsonObject { ["desired"] = await JsonArgument.ReadObjectAsync("--desired", desiredPatch, call.Cancellation) };
            }

            return Answer(call, await call.Hub.PatchAsync(Path(call), patch, call.Value(etag), call.Cancellation));
        });

    private Command Replace => shell.Command(
        "replace",
        "Makes tags and desired properties exactly what is given; a connected device is told at once.",
        ["gatehouse twin replace sensor-1 --content @twin.json"],
        [device, module, content, etag],
        async call => Answer(call, await call.Hub.PutAsync(Path(call), await JsonArgument.ReadObjectAsync("--content", call.Value(content)!, call.Cancellation), call.Value(etag), call.Cancellation)));

    private static int Answer(Call call, JsonNode twin) => call.Answer(twin, terminal =>
    {
        terminal.Facts(
            ("device", (string?)twin["deviceId"]),
            ("module", (string?)twin["moduleId"]),
            ("model", (string?)twin["modelId"] is { Length: > 0 } model ? model : null),
            ("version", twin["version"]?.ToJsonString()),
            ("etag", (string?)twin["etag"]),
            ("status", (string?)twin["status"]),
            ("connection", (string?)twin["connectionState"]),
            ("tags", Text(twin["tags"])),
            ("desired", Text(twin["properties"]?["desired"])),
            ("reported", Text(twin["properties"]?["reported"])));
    });

    // Without the metadata, which --json shows.
    private static string? Text(JsonNode? section)
    {
        var shown = section?.DeepClone();
        (shown as JsonObject)?.Remove("$metadata");
        return shown?.ToJsonString(SafeJson.Line);
    }

    private HubPath Path(Call call)
    {
        if (!DeviceId.TryParse(call.Value(device), out var id))
        {
            throw CliException.Usage($"'{call.Value(device)}' is no device id.");
        }

        return call.Value(module) is not { } name ? HubPath.Service("twins", id.Value)
            : ModuleId.TryParse(name, out var moduleId) ? HubPath.Service("twins", id.Value, "modules", moduleId.Value)
            : throw CliException.Usage($"'{name}' is no module id.");
    }
}
