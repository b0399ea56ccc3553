using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.WrappingKeys;

/// <summary>The group <c>key</c>: what seals the secrets in the server's store, and what wraps that.</summary>
internal sealed class KeyCommands(Shell shell)
{
    private readonly Argument<string> key = new("key") { Description = "file:NAME, pkcs11:token=LABEL;object=NAME (in quotes) or tpm:NAME, in a key store of the server (gatehouse up --key-store)." };
    private readonly Option<bool> wrapping = new("--wrapping") { Description = "A new wrapping key in the store of the present one, instead of a new data key." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new KeyCommands(shell);
        return Shell.Group("key", "Keys that protect the server's own store: data keys, and the key in a file, HSM or TPM that wraps them.", commands.List, commands.Create, commands.Use, commands.Move, commands.Rotate);
    }

    private Command List => shell.Command("list", "Lists the wrapping keys in the server's key stores, and says which is in use.", ["gatehouse key list"], [], async call =>
    {
        var found = await call.Hub.GetAsync(HubPath.Operator("keys"), call.Cancellation);
        return call.Answer(found, terminal =>
        {
            var (inUse, rows) = ((string?)found["wrappingKey"], new List<string?[]>());
            foreach (var store in found["stores"]!.AsArray())
            {
                rows.AddRange(store!["keys"]!.AsArray().Select(each => new[] { (string?)each!["key"], (bool)each["isInUse"]! ? "yes" : "no", (string?)each["mechanism"], (string?)each["id"], (string?)each["problem"] }));
                if ((string?)store["problem"] is { } problem)
                {
                    rows.Add([(string?)store["name"], "", "", "", problem]);
                }
            }

            if (rows.All(row => row[0] != inUse))
            {
                rows.Insert(0, [inUse, "yes", "", (string?)found["wrappingKeyId"], ""]);
            }

            terminal.Table(["wrapping key", "in use", "mechanism", "id", "problem"], rows);
            terminal.Line($"data keys: {found["dataKeys"]!.AsArray().Count}; number {found["dataKeys"]!.AsArray()[^1]} seals.");
        });
    });

    private Command Create => shell.Command("create", "Makes a wrapping key without using it.", ["gatehouse key create 'pkcs11:token=plant;object=wrapping'"], [key], async call =>
    {
        var made = await call.Hub.PostAsync(HubPath.Operator("keys"), Body(call), null, call.Cancellation);
        return call.Answer(made, terminal => terminal.Line($"key '{made["key"]}' is there ({made["mechanism"]}). Next: gatehouse key use '{made["key"]}'"));
    });

    private Command Use => shell.Command(
        "use", "Wraps the data keys by a key that is there; the former one stays where it is.", ["gatehouse key use 'pkcs11:token=plant;object=wrapping'"], [key], async call =>
        {
            var changed = await call.Hub.PostAsync(HubPath.Operator("keys", "use"), Body(call), null, call.Cancellation);
            return call.Answer(changed, terminal => terminal.Line($"the data keys are wrapped by '{changed["wrappingKey"]}' now."));
        });

    private Command Move => shell.Command(
        "move",
        "Wraps the data keys by another key, which is made where there is none; a former key in a file is removed.",
        ["gatehouse key move 'pkcs11:token=plant;object=wrapping'", "gatehouse key move tpm:wrapping"],
        [key],
        async call =>
        {
            var changed = await call.Hub.PostAsync(HubPath.Operator("keys", "move"), Body(call), null, call.Cancellation);
            return call.Answer(changed, terminal => terminal.Line($"the data keys are wrapped by '{changed["wrappingKey"]}' now. Next: gatehouse key rotate, for secrets to come under a data key that older backups do not hold."));
        });

    private Command Rotate => shell.Command(
        "rotate", "Makes a new data key: it seals new secrets, older ones still open. With --wrapping a new wrapping key.", ["gatehouse key rotate", "gatehouse key rotate --wrapping"], [wrapping], async call =>
        {
            var isWrapping = call.Value(wrapping);
            var changed = await call.Hub.PostAsync(HubPath.Operator("keys", "rotate"), new JsonObject { ["key"] = isWrapping ? "wrapping" : "data" }, null, call.Cancellation);
            return call.Answer(changed, terminal => terminal.Line(isWrapping
                ? $"the data keys are wrapped by '{changed["wrappingKey"]}' now."
                : $"data key {changed["dataKeys"]!.AsArray()[^1]} seals from now on."));
        });

    private JsonObject Body(Call call) => new() { ["key"] = call.Value(key) };
}
