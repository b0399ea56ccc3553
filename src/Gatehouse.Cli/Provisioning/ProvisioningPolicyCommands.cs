using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Provisioning;

/// <summary>The group <c>dps policy</c>: shared access policies of the provisioning service, by which back ends call it.</summary>
internal sealed class ProvisioningPolicyCommands(Shell shell)
{
    private const string Rights = "ServiceConfig, EnrollmentRead, EnrollmentWrite, DeviceConnect, RegistrationStatusRead, RegistrationStatusWrite, with commas between.";

    private readonly Argument<string> name = new("name") { Description = "Name of the policy." };
    private readonly Option<string?> rights = new("--rights", "-r") { Description = Rights, HelpName = "rights" };
    private readonly Option<string> rightsRequired = new("--rights", "-r") { Description = Rights, HelpName = "rights", Required = true };
    private readonly Option<string?> keys = new("--keys-from") { Description = "File with two lines, primary and secondary key in base64; - reads the input. Default: the service makes both.", HelpName = "file" };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Only if this is still the ETag. Default: the one just read.", HelpName = "etag" };
    private readonly Argument<string> which = Words.OneOf(new Argument<string>("key") { Description = "primary, secondary, or swap to exchange the two." }, "primary", "secondary", "swap");
    private readonly Option<string> keyType = Words.OneOf(new Option<string>("--key-type", "--kt") { Description = "primary (default) or secondary.", HelpName = "key", DefaultValueFactory = _ => "primary" }, "primary", "secondary");

    internal static HubCommand Group(Shell shell)
    {
        var commands = new ProvisioningPolicyCommands(shell);
        return Shell.Group(
            "policy", "Shared access policies of the provisioning service: keys of back ends.", commands.List, commands.Show, commands.Create, commands.Update, commands.Delete, commands.Keys, commands.RegenerateKey, commands.ConnectionString);
    }

    private Command List => shell.Command("list", "Lists the policies, without their keys.", ["gatehouse dps policy list"], [], async call =>
    {
        var found = (await call.Provisioning.GetAsync(HubPath.Provisioning("authorizationPolicies"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["policy", "rights", "updated"], found.Select(policy =>
            new[] { (string?)policy!["keyName"], (string?)policy["rights"], ReadableTime.Of(policy["updated"]) })));
    });

    private Command Show => shell.Command("show", "Shows a policy, without its keys.", ["gatehouse dps policy show dashboard"], [name], async call =>
    {
        var found = await call.Provisioning.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(
            ("policy", (string?)found["keyName"]),
            ("rights", (string?)found["rights"]),
            ("created", ReadableTime.Of(found["created"])),
            ("updated", ReadableTime.Of(found["updated"])),
            ("etag", (string?)found["etag"])));
    });

    private Command Create => shell.Command("create", "Makes a policy.", ["gatehouse dps policy create dashboard --rights EnrollmentRead,RegistrationStatusRead"], [name, rightsRequired, keys], async call =>
    {
        var body = new JsonObject { ["rights"] = call.Value(rightsRequired) };
        await FillKeysAsync(call, body);
        if (await call.Provisioning.FindAsync(Path(call), call.Cancellation) is not null)
        {
            throw new CliException($"there is a policy '{call.Value(name)}' already. 'gatehouse dps policy update' changes it.");
        }

        var saved = await call.Provisioning.PutAsync(Path(call), body, null, call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}' created ({saved["rights"]}). Next: gatehouse dps policy connection-string {call.Value(name)}"));
    });

    private Command Update => shell.Command("update", "Changes the rights or the keys of a policy; what no longer has its right ends at once.", ["gatehouse dps policy update dashboard --rights EnrollmentRead"], [name, rights, keys, etag], async call =>
    {
        var body = new JsonObject();
        if (call.Value(rights) is { } wanted)
        {
            body["rights"] = wanted;
        }

        await FillKeysAsync(call, body);
        if (body.Count == 0)
        {
            throw CliException.Usage("nothing is named to change: give --rights or --keys-from.");
        }

        var saved = await call.Provisioning.PutAsync(Path(call), body, await VersionAsync(call), call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}' updated ({saved["rights"]})."));
    });

    private Command Delete => shell.Command("delete", "Deletes a policy; what it opened ends at once.", ["gatehouse dps policy delete dashboard"], [name, etag], async call =>
    {
        await call.Provisioning.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"policy '{call.Value(name)}' deleted."));
    });

    private Command Keys => shell.Command("keys", "Prints the keys of a policy; the audit log says that somebody looked.", ["gatehouse dps policy keys dashboard"], [name], async call =>
    {
        var found = await ReadKeysAsync(call);
        return call.Answer(found, terminal => terminal.Facts(("primary", (string?)found["primaryKey"]), ("secondary", (string?)found["secondaryKey"])));
    });

    private Command RegenerateKey => shell.Command(
        "regenerate-key", "Replaces a key of a policy; tokens made with it die at once.", ["gatehouse dps policy regenerate-key dashboard secondary"], [name, which, etag], async call =>
        {
            var saved = await call.Provisioning.PostAsync(Path(call, "regenerateKey"), new JsonObject { ["key"] = call.Value(which) }, call.Value(etag), call.Cancellation);
            var what = call.Value(which) == "swap" ? "the keys were exchanged" : $"the {call.Value(which)} key is new";
            return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}': {what}. Next: gatehouse dps policy connection-string {call.Value(name)}"));
        });

    private Command ConnectionString => shell.Command(
        "connection-string", "Prints the connection string of a policy, as SDKs take it.", ["gatehouse dps policy connection-string dashboard"], [name, keyType], async call =>
        {
            var policy = await ReadKeysAsync(call);
            var text = $"HostName={call.Provisioning.Address.HostName};SharedAccessKeyName={policy["keyName"]};SharedAccessKey={policy[call.Value(keyType) + "Key"]}";
            call.Answer(new JsonObject { ["connectionString"] = text }, terminal => terminal.Line(text));
            return ExitCode.Ok;
        });

    private async Task FillKeysAsync(Call call, JsonObject body)
    {
        if (call.Value(keys) is { } path)
        {
            (body["primaryKey"], body["secondaryKey"]) = await KeyFile.ReadAsync(call, path);
        }
    }

    private Task<JsonNode> ReadKeysAsync(Call call) => call.Provisioning.PostAsync(Path(call, "listkeys"), null, null, call.Cancellation);

    private async Task<string?> VersionAsync(Call call) => call.Value(etag) ?? (string?)(await call.Provisioning.GetAsync(Path(call), call.Cancellation))["etag"];

    private HubPath Path(Call call, params IEnumerable<string> more) => HubPath.Provisioning(["authorizationPolicies", call.Value(name), .. more]);
}
