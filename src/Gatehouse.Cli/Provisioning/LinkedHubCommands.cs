using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Routing;

namespace Gatehouse.Cli.Provisioning;

/// <summary>The group <c>dps linked-hub</c>: which hubs devices may get, here or on other servers.</summary>
internal sealed class LinkedHubCommands(Shell shell)
{
    private readonly Argument<string> name = new("host") { Description = "Host name of the hub, as devices are told it." };
    private readonly Option<string?> connectionString = new("--connection-string-from")
    {
        Description = "File whose one line is the connection string of a policy of the hub with RegistryWrite and ServiceConnect; HostName may end in :port; - reads the input. Not for a hub of this server.",
        HelpName = "file",
    };

    private readonly Option<string?> authorities = new("--hub-ca-file") { Description = "PEM file of roots to trust for this hub beside those of the server's machine; '' for none.", HelpName = "file" };
    private readonly Option<int?> weight = new("--allocation-weight", "--aw") { Description = "Share of the devices under the hashed policy, 1–1000. Default: 1.", HelpName = "number" };
    private readonly Option<bool?> applies = new("--apply-allocation-policy", "--apply") { Description = "false: only for enrollments that name it. Default: true.", HelpName = "true|false" };
    private readonly Option<string?> location = new("--location", "-l") { Description = "Where it is, in words of your own.", HelpName = "text" };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Only if this is still the ETag. Default: the one just read.", HelpName = "etag" };
    private readonly Option<bool> force = new("--force") { Description = "Also while devices are assigned to it or enrollments name it: they keep what they have." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new LinkedHubCommands(shell);
        return Shell.Group("linked-hub", "Hubs that devices are assigned to, here or on other servers.", commands.Create, commands.List, commands.Show, commands.Update, commands.Delete);
    }

    private IEnumerable<Symbol> Settings => [connectionString, authorities, weight, applies, location];

    private Command Create => shell.Command(
        "create",
        "Links a hub.",
        [
            "gatehouse policy create provisioning --rights RegistryWrite,ServiceConnect   # at the other hub",
            "gatehouse dps linked-hub create hub2.example.com --connection-string-from hub2.txt --hub-ca-file hub2-ca.pem",
        ],
        [name, .. Settings],
        async call =>
        {
            if (await call.Provisioning.FindAsync(Path(call), call.Cancellation) is not null)
            {
                throw new CliException($"'{call.Value(name)}' is linked already. 'gatehouse dps linked-hub update' changes it.");
            }

            var body = new JsonObject();
            await FillAsync(call, body);
            var saved = await call.Provisioning.PutAsync(Path(call), body, null, call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"hub '{saved["name"]}' linked{(Flag(saved) ? "" : ": only enrollments that name it use it")}. Next: gatehouse enrollment create ID --iot-hubs {saved["name"]}"));
        });

    private Command List => shell.Command("list", "Lists the linked hubs, without their keys.", ["gatehouse dps linked-hub list"], [], async call =>
    {
        var found = (await call.Provisioning.GetAsync(HubPath.Provisioning("iotHubs"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["hub", "weight", "used by", "where", "location"], found.Select(hub =>
            new[] { (string?)hub!["name"], hub["allocationWeight"]!.ToJsonString(), Flag(hub) ? "all" : "who names it", Where(hub), (string?)hub["location"] })));
    });

    private Command Show => shell.Command("show", "Shows a linked hub, without its key.", ["gatehouse dps linked-hub show hub2.example.com"], [name], async call =>
    {
        var found = await call.Provisioning.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(
            ("hub", (string?)found["name"]),
            ("where", Where(found)),
            ("weight", found["allocationWeight"]!.ToJsonString()),
            ("used by", Flag(found) ? "all" : "enrollments that name it"),
            ("location", (string?)found["location"]),
            ("roots of its own", found["certificateAuthorities"] is null ? null : "yes"),
            ("etag", (string?)found["etag"])));
    });

    private Command Update => shell.Command(
        "update", "Changes what is named of a linked hub; the rest stays.", ["gatehouse dps linked-hub update hub2.example.com --connection-string-from new.txt"], [name, .. Settings, etag], async call =>
        {
            var body = new JsonObject();
            await FillAsync(call, body);
            if (body.Count == 0)
            {
                throw CliException.Usage("nothing is named to change: see --help.");
            }

            var version = call.Value(etag) ?? (string?)(await call.Provisioning.GetAsync(Path(call), call.Cancellation))["etag"];
            var saved = await call.Provisioning.PutAsync(Path(call), body, version, call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"linked hub '{saved["name"]}' updated."));
        });

    private Command Delete => shell.Command(
        "delete", "Ends a link; devices that were assigned to the hub stay in it.", ["gatehouse dps linked-hub delete hub2.example.com", "gatehouse dps linked-hub delete hub2.example.com --force"], [name, force, etag], async call =>
        {
            var version = call.Value(etag) ?? (string?)(await call.Provisioning.GetAsync(Path(call), call.Cancellation))["etag"];
            await call.Provisioning.DeleteAsync(Path(call).With("force", call.Value(force) ? "true" : null), version, call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"'{call.Value(name)}' is linked no more; devices that it has stay in it."));
        });

    private static bool Flag(JsonNode hub) => (bool?)hub["applyAllocationPolicy"] ?? true;

    private static string Where(JsonNode hub) => (string?)hub["connectionString"] ?? "this server";

    private async Task FillAsync(Call call, JsonObject body)
    {
        if (call.Value(connectionString) is { } path)
        {
            body["connectionString"] = await SecretFile.ReadAsync(call, path, connectionString.Name);
        }

        if (call.Value(authorities) is { } file)
        {
            body["certificateAuthorities"] = file.Length == 0 ? "" : await InputFile.ReadTextAsync(file, call.Cancellation);
        }

        Fill(body, "allocationWeight", call.Value(weight));
        Fill(body, "applyAllocationPolicy", call.Value(applies));
        Fill(body, "location", call.Value(location));
    }

    private static void Fill(JsonObject body, string property, JsonNode? value)
    {
        if (value is not null)
        {
            body[property] = value;
        }
    }

    private HubPath Path(Call call) => HubPath.Provisioning("iotHubs", call.Value(name));
}
