using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.WrappingKeys;

/// <summary>The group <c>key</c>: what seals the secrets in the server's store, what wraps that, and keys that sign for CAs.</summary>
internal sealed class KeyCommands(Shell shell)
{
    private readonly Argument<string> key = new("key") { Description = "file:NAME, pkcs11:token=LABEL;object=NAME (in quotes) or tpm:NAME, in a key store of the server (gatehouse up --key-store)." };
    private readonly Option<bool> wrapping = new("--wrapping") { Description = "A new wrapping key in the store of the present one, instead of a new data key." };

    private readonly Option<string?> use = new("--use") { Description = "What the key is for: wrapping (the default) or signing.", HelpName = "use" };
    private readonly Option<string?> type = new("--type") { Description = "Type of a signing key: ec-p256 (the default), ec-p384 or rsa-3072. A TPM makes ec-p256.", HelpName = "type" };
    private readonly Option<string> subject = new("--subject") { Description = "Name of the CA, as in 'CN=Plant 7 issuing CA,O=Contoso'.", HelpName = "name", Required = true };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new KeyCommands(shell);
        return Shell.Group("key", "Keys of the server in files, HSMs and TPMs: data keys for its store, the key that wraps them, and keys that sign for CAs.", commands.List, commands.Create, commands.Request, commands.Use, commands.Move, commands.Rotate);
    }

    private Command List => shell.Command("list", "Lists the keys in the server's key stores, and says which wraps the data keys.", ["gatehouse key list"], [], async call =>
    {
        var found = await call.Hub.GetAsync(HubPath.Operator("keys"), call.Cancellation);
        return call.Answer(found, terminal =>
        {
            var (inUse, rows) = ((string?)found["wrappingKey"], new List<string?[]>());
            foreach (var store in found["stores"]!.AsArray())
            {
                rows.AddRange(store!["keys"]!.AsArray().Select(each => new[] { (string?)each!["key"], (string?)each["use"], InUse(each), (string?)each["mechanism"], (string?)each["id"], (string?)each["problem"] }));
                if ((string?)store["problem"] is { } problem)
                {
                    rows.Add([(string?)store["name"], "", "", "", "", problem]);
                }
            }

            if (rows.All(row => row[0] != inUse))
            {
                rows.Insert(0, [inUse, "wrapping", "yes", "", (string?)found["wrappingKeyId"], ""]);
            }

            terminal.Table(["key", "use", "in use", "mechanism", "id", "problem"], rows);
            terminal.Line($"data keys: {found["dataKeys"]!.AsArray().Count}; number {found["dataKeys"]!.AsArray()[^1]} seals.");
        });
    });

    private Command Create => shell.Command(
        "create",
        "Makes a wrapping key without using it, or a key that signs for a CA.",
        ["gatehouse key create 'pkcs11:token=plant;object=wrapping'", "gatehouse key create 'pkcs11:token=plant;object=issuing' --use signing --type ec-p384"],
        [key, use, type],
        async call =>
        {
            var isSigning = call.Value(use) switch
            {
                null or "wrapping" => call.Value(type) is null ? false : throw CliException.Usage($"{type.Name} goes with {use.Name} signing."),
                "signing" => true,
                _ => throw CliException.Usage($"{use.Name} is wrapping or signing."),
            };
            var body = Body(call);
            if (isSigning)
            {
                (body["use"], body["type"]) = ("signing", call.Value(type) ?? "ec-p256");
            }

            var made = await call.Hub.PostAsync(HubPath.Operator("keys"), body, null, call.Cancellation);
            return call.Answer(made, terminal => terminal.Line($"key '{made["key"]}' is there ({made["mechanism"]}). Next: " + (isSigning
                ? $"gatehouse enrollment policy create POLICY --signing-key '{made["key"]}', or gatehouse key request '{made["key"]}' for an outside root."
                : $"gatehouse key use '{made["key"]}'")));
        });

    private Command Request => shell.Command(
        "request",
        "Prints a CSR of a signing key, for an outside root to make it an intermediate CA.",
        ["gatehouse key request 'pkcs11:token=plant;object=issuing' --subject 'CN=Plant 7 issuing CA,O=Contoso' > issuing.csr"],
        [key, subject],
        async call =>
        {
            var body = Body(call);
            body["subject"] = call.Value(subject);
            var signed = await call.Hub.PostAsync(HubPath.Operator("keys", "request"), body, null, call.Cancellation);
            return call.Answer(signed, terminal =>
            {
                foreach (var line in ((string)signed["csr"]!).Split('\n'))
                {
                    terminal.Line(line);
                }
            });
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

    private static string InUse(JsonNode key) => (string?)key["use"] == "signing" ? "" : (bool)key["isInUse"]! ? "yes" : "no";

    private JsonObject Body(Call call) => new() { ["key"] = call.Value(key) };
}
