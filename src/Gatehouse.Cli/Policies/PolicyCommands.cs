using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Policies;

/// <summary>The group <c>policy</c>: shared access policies, by which back ends call.</summary>
internal sealed class PolicyCommands(Shell shell)
{
    private readonly Argument<string> name = new("name") { Description = "Name of the policy." };
    private readonly Option<string?> rights = new("--rights", "--permissions") { Description = "RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect, with commas between.", HelpName = "rights" };
    private readonly Option<string> rightsRequired = new("--rights", "--permissions") { Description = "RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect, with commas between.", HelpName = "rights", Required = true };
    private readonly Option<string?> keys = new("--keys-from") { Description = "File with two lines, primary and secondary key in base64; - reads the input. Default: the hub makes both.", HelpName = "file" };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag. Default: the one just read.", HelpName = "etag" };
    private readonly Argument<string> which = Words.OneOf(new Argument<string>("key") { Description = "primary, secondary, or swap to exchange the two." }, "primary", "secondary", "swap");
    private readonly Option<string> keyType = Words.OneOf(new Option<string>("--key-type", "--kt") { Description = "primary (default) or secondary.", HelpName = "key", DefaultValueFactory = _ => "primary" }, "primary", "secondary");

    internal static HubCommand Group(Shell shell)
    {
        var commands = new PolicyCommands(shell);
        return Shell.Group("policy", "Shared access policies: keys of back ends.", commands.List, commands.Show, commands.Create, commands.Update, commands.Delete, commands.RegenerateKey, commands.ConnectionString);
    }

    private Command List => shell.Command("list", "Lists the policies, without their keys.", ["gatehouse policy list"], [], async call =>
    {
        var found = (await call.Hub.GetAsync(HubPath.Operator("policies"), call.Cancellation))["value"]!.AsArray();
        foreach (var policy in found)
        {
            (policy!["primaryKey"], policy["secondaryKey"]) = ("***", "***");
        }

        return call.Answer(found.DeepClone(), terminal => terminal.Table(["policy", "rights", "updated"], found.Select(policy =>
            new[] { (string?)policy!["keyName"], (string?)policy["rights"], ReadableTime.Of(policy["updated"]) })));
    });

    private Command Show => shell.Command("show", "Shows a policy with its keys.", ["gatehouse policy show service"], [name], async call =>
    {
        var found = await call.Hub.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(
            ("policy", (string?)found["keyName"]),
            ("rights", (string?)found["rights"]),
            ("primary key", (string?)found["primaryKey"]),
            ("secondary key", (string?)found["secondaryKey"]),
            ("created", ReadableTime.Of(found["created"])),
            ("updated", ReadableTime.Of(found["updated"])),
            ("etag", (string?)found["etag"])));
    });

    private Command Create => shell.Command("create", "Makes a policy.", ["gatehouse policy create dashboard --rights RegistryRead,ServiceConnect"], [name, rightsRequired, keys], async call =>
    {
        var body = new JsonObject { ["rights"] = call.Value(rightsRequired) };
        if (call.Value(keys) is { } path)
        {
            (body["primaryKey"], body["secondaryKey"]) = await KeyFile.ReadAsync(call, path);
        }

        if (await call.Hub.FindAsync(Path(call), call.Cancellation) is not null)
        {
            throw new CliException($"there is a policy '{call.Value(name)}' already. 'gatehouse policy update' changes it.");
        }

        var saved = await call.Hub.PutAsync(Path(call), body, null, call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}' created ({saved["rights"]}). Next: gatehouse policy connection-string {call.Value(name)}"));
    });

    private Command Update => shell.Command("update", "Changes the rights of a policy; what no longer has its right ends at once.", ["gatehouse policy update dashboard --rights ServiceConnect"], [name, rights, keys, etag], async call =>
    {
        if (call.Value(rights) is null && call.Value(keys) is null)
        {
            throw CliException.Usage("nothing is named to change: give --rights or --keys-from.");
        }

        var (primary, secondary) = call.Value(keys) is { } path ? await KeyFile.ReadAsync(call, path) : (null, null);
        var policy = await call.Hub.GetAsync(Path(call), call.Cancellation);
        policy["rights"] = call.Value(rights) ?? (string?)policy["rights"];
        policy["primaryKey"] = primary ?? (string?)policy["primaryKey"];
        policy["secondaryKey"] = secondary ?? (string?)policy["secondaryKey"];
        var saved = await call.Hub.PutAsync(Path(call), policy, call.Value(etag) ?? (string?)policy["etag"], call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}' updated ({saved["rights"]})."));
    });

    private Command Delete => shell.Command("delete", "Deletes a policy; what it opened ends at once.", ["gatehouse policy delete dashboard"], [name, etag], async call =>
    {
        await call.Hub.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"policy '{call.Value(name)}' deleted."));
    });

    private Command RegenerateKey => shell.Command(
        "regenerate-key", "Replaces a key of a policy; tokens made with it die at once.", ["gatehouse policy regenerate-key dashboard secondary"], [name, which, etag], async call =>
        {
            var body = new JsonObject { ["key"] = call.Value(which) };
            var saved = await call.Hub.PostAsync(HubPath.Operator("policies", call.Value(name), "regenerate-key"), body, call.Value(etag), call.Cancellation);
            var what = call.Value(which) == "swap" ? "the keys were exchanged" : $"the {call.Value(which)} key is new";
            return call.Answer(saved, terminal => terminal.Line($"policy '{call.Value(name)}': {what}. Next: gatehouse policy connection-string {call.Value(name)}"));
        });

    private Command ConnectionString => shell.Command(
        "connection-string", "Prints the connection string of a policy, as SDKs take it.", ["gatehouse policy connection-string service"], [name, keyType], async call =>
        {
            var policy = await call.Hub.GetAsync(Path(call), call.Cancellation);
            var text = $"HostName={call.Hub.Address.HostName};SharedAccessKeyName={policy["keyName"]};SharedAccessKey={policy[call.Value(keyType) + "Key"]}";
            call.Answer(new JsonObject { ["connectionString"] = text }, terminal => terminal.Line(text));
            if (call.Hub.Address.HttpsPort != HubAddress.UsualHttpsPort)
            {
                call.Terminal.Note($"note: SDKs connect to port 443; this server is on {call.Hub.Address.HttpsPort}. gatehouse itself takes HostName={call.Hub.Address}.");
            }

            return ExitCode.Ok;
        });

    private HubPath Path(Call call) => HubPath.Operator("policies", call.Value(name));
}
