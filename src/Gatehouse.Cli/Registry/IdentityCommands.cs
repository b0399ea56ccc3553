using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Messages;
using Gatehouse.Cli.Methods;

namespace Gatehouse.Cli.Registry;

/// <summary>The groups <c>device</c> and <c>module</c>.</summary>
internal sealed class IdentityCommands(Shell shell, IdentityTarget target)
{
    // What the registry gives in one answer; it has no further pages. Source: IoT Hub "Understand the identity registry" page.
    private const int MostListed = 1_000;

    private readonly Option<bool> showKeys = new("--show-keys") { Description = "Do not mask the keys." };
    private readonly Option<int?> top = new("--top") { Description = $"At most so many; 1–{MostListed}, default {MostListed}.", HelpName = "number" };
    private readonly Option<string?> etag = new("--etag") { Description = "Delete only if this is still the ETag. Default: whatever it is.", HelpName = "etag" };

    internal static HubCommand Devices(Shell shell)
    {
        var target = new IdentityTarget(isModule: false);
        var commands = new IdentityCommands(shell, target);
        var keys = new IdentityKeys(shell, target);
        return Shell.Group("device", "Devices of the hub.",
            new CreateIdentity(shell, target).Command, commands.Show, commands.ListDevices, new UpdateIdentity(shell, target).Command, commands.Delete,
            keys.Keys, keys.RegenerateKey, keys.ConnectionString, new ImportDevices(shell).Command, new InvokeMethod(shell).Command, MessageCommands.Group(shell));
    }

    internal static HubCommand Modules(Shell shell)
    {
        var target = new IdentityTarget(isModule: true);
        var commands = new IdentityCommands(shell, target);
        var keys = new IdentityKeys(shell, target);
        return Shell.Group("module", "Modules of a device: identities with connections of their own.",
            new CreateIdentity(shell, target).Command, commands.Show, commands.ListModules, new UpdateIdentity(shell, target).Command, commands.Delete,
            keys.Keys, keys.RegenerateKey, keys.ConnectionString);
    }

    private string Example => target.IsModule ? "sensor-1 camera" : "sensor-1";

    private Command Show => shell.Command("show", $"Shows a {target.Kind}.", [$"gatehouse {target.Kind} show {Example}"], [.. target.Symbols, showKeys], async call =>
    {
        var identity = IdentityView.Shown(await call.Hub.GetAsync(IdentityTarget.Path(target.Of(call)), call.Cancellation), call.Value(showKeys));
        return call.Answer(identity, terminal => IdentityView.Facts(terminal, identity));
    });

    private Command Delete => shell.Command(
        "delete",
        target.IsModule ? "Deletes a module; its connection ends at once." : "Deletes a device with its modules; its connections end at once.",
        [$"gatehouse {target.Kind} delete {Example}"],
        [.. target.Symbols, etag],
        async call =>
        {
            var key = target.Of(call);
            await call.Hub.DeleteAsync(IdentityTarget.Path(key), call.Value(etag) ?? HubClient.Overwrite, call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = key.ToString() }, terminal => terminal.Line($"{target.Kind} '{key}' deleted."));
        });

    private Command ListDevices => shell.Command("list", "Lists devices.", ["gatehouse device list", "gatehouse device list --top 20 --json"], [top, showKeys], async call =>
    {
        if (call.Value(top) is < 1 or > MostListed)
        {
            throw CliException.Usage($"--top: 1–{MostListed} is allowed.");
        }

        var found = await call.Hub.GetAsync(HubPath.Service("devices").With("top", call.Value(top)?.ToString(System.Globalization.CultureInfo.InvariantCulture)), call.Cancellation);
        if (found.AsArray().Count == MostListed)
        {
            call.Terminal.Note($"note: these are {MostListed} devices, the most that the registry lists; there may be more ('gatehouse statistics' counts them).");
        }

        return List(call, found.AsArray());
    });

    private Command ListModules => shell.Command("list", "Lists the modules of a device.", ["gatehouse module list sensor-1"], [target.DeviceArgument, showKeys], async call =>
        List(call, (await call.Hub.GetAsync(HubPath.Service("devices", target.Device(call).Value, "modules"), call.Cancellation)).AsArray()));

    private int List(Call call, JsonArray found)
    {
        foreach (var identity in found)
        {
            IdentityView.Shown(identity!, call.Value(showKeys));
        }

        return call.Answer(found, terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note(target.IsModule ? "The device has no modules." : "There are no devices yet. Make one: gatehouse device create sensor-1");
                return;
            }

            IdentityView.Table(terminal, found, target.IsModule);
        });
    }
}
