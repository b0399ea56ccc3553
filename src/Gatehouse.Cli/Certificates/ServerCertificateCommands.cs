using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Certificates;

/// <summary>The group <c>certificate server</c>: the certificate that the server shows, and its change in steps.</summary>
internal sealed class ServerCertificateCommands(Shell shell)
{
    private const string Words = "gatehouse certificate server";

    private readonly Argument<string?> file = new("file") { Description = "The new certificate with its chain, PEM, the server's first.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> keyFrom = new("--private-key-from") { Description = "File with its private key, PEM without a password; without it the chain's file.", HelpName = "file" };
    private readonly Option<string?> root = new("--root") { Description = "The root that clients trust for it, PEM. Default: the end of the chain, or one that the server's machine trusts.", HelpName = "file" };
    private readonly Option<bool> newRoot = new("--new-root") { Description = "A new private root of the server's own, and a certificate by it." };
    private readonly Option<bool> files = new("--files") { Description = "Back to the files of 'gatehouse up --tls', or the server's own certificate." };
    private readonly Option<bool> drill = new("--drill") { Description = "Only check, and tell what would happen." };
    private readonly Option<int> percent = new("--percent") { Description = "Share of new connections that get it. 1–99, default 10.", HelpName = "percent", DefaultValueFactory = _ => 10 };
    private readonly Option<int> rollBackAt = new("--roll-back-at") { Description = "Percent of new connections that may fail by it; more, and it is taken back. 0 never takes it back. 0–100, default 10.", HelpName = "percent", DefaultValueFactory = _ => 10 };
    private readonly Option<long> watch = new("--watch") { Description = "Seconds that failures are watched for. 60–2592000, default 86400.", HelpName = "seconds", DefaultValueFactory = _ => 86_400 };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new ServerCertificateCommands(shell);
        return Shell.Group(
            "server",
            "The certificate that the server shows, changed in steps that drop nobody and can be taken back.",
            commands.Show,
            commands.Roots,
            commands.Stage,
            commands.Canary,
            commands.Switch,
            commands.Step("rollback", "Shows the former certificate again; the new one stays staged."),
            commands.Step("retire", "Makes the change final: the former certificate and its key are deleted."),
            commands.Step("discard", "Forgets a certificate that is staged."));
    }

    private Command Show => shell.Command("show", "Shows the server's certificate, and how far its change is.", [$"{Words} show"], [], async call =>
    {
        var found = await call.Hub.GetAsync(Path(), call.Cancellation);
        return call.Answer(found, terminal => Write(terminal, found));
    });

    private Command Roots => shell.Command("roots", "Prints the roots that clients must trust: during a change the old and the new.", [$"{Words} roots > roots.pem"], [], async call =>
    {
        var found = await call.Hub.GetAsync(Path(), call.Cancellation);
        return call.Answer(new JsonObject { ["roots"] = found["roots"]!.DeepClone() }, terminal =>
        {
            foreach (var line in ((string)found["roots"]!).TrimEnd('\n').Split('\n'))
            {
                terminal.Line(line);
            }
        });
    });

    private Command Stage => shell.Command(
        "stage",
        "Checks a new certificate, or makes a new root, and keeps it without showing it to anybody.",
        [$"{Words} stage hub.pem --private-key-from hub.key", $"{Words} stage hub.pem --private-key-from hub.key --root company-root.pem --drill", $"{Words} stage --new-root"],
        [file, keyFrom, root, newRoot, files, drill],
        async call =>
        {
            var body = await BodyAsync(call);
            var isDrill = call.Value(drill);
            var staged = await call.Hub.PostAsync(Path("stage").With("drill", isDrill ? "true" : null), body, null, call.Cancellation);
            return call.Answer(staged, terminal =>
            {
                Write(terminal, staged["state"]!);
                if (staged["concerned"] is { } concerned)
                {
                    terminal.Line($"clients of this hub that have been seen under the present root alone: {concerned["fails"]}; who they are: gatehouse radar 'server-issuer/{staged["state"]!["present"]!["root"]}'");
                }

                terminal.Line(isDrill ? "a drill: nothing was kept." : $"staged. Next: {Words} canary, or {Words} switch");
            });
        });

    private Command Canary => shell.Command("canary", "Shows the staged certificate to a share of new connections.", [$"{Words} canary --percent 5"], [percent, rollBackAt], async call =>
        await ChangeAsync(call, "canary", new JsonObject { ["percent"] = call.Value(percent), ["rollBackAtPercent"] = call.Value(rollBackAt) }));

    private Command Switch => shell.Command("switch", "Shows the staged certificate to all new connections; open ones stay.", [$"{Words} switch", $"{Words} switch --roll-back-at 0"], [rollBackAt, watch], async call =>
        await ChangeAsync(call, "switch", new JsonObject { ["rollBackAtPercent"] = call.Value(rollBackAt), ["watchSeconds"] = call.Value(watch) }));

    private HubCommand Step(string verb, string description) => shell.Command(verb, description, [$"{Words} {verb}"], [], call => ChangeAsync(call, verb, null));

    private static async Task<int> ChangeAsync(Call call, string verb, JsonObject? body)
    {
        var changed = await call.Hub.PostAsync(Path(verb), body, null, call.Cancellation);
        return call.Answer(changed, terminal => Write(terminal, changed));
    }

    private async Task<JsonObject> BodyAsync(Call call)
    {
        var path = call.Value(file);
        if ((path is null ? 0 : 1) + (call.Value(newRoot) ? 1 : 0) + (call.Value(files) ? 1 : 0) != 1)
        {
            throw CliException.Usage($"name the file of a certificate, or {newRoot.Name}, or {files.Name}.");
        }

        if (path is null)
        {
            return new JsonObject { ["newRoot"] = call.Value(newRoot), ["files"] = call.Value(files) };
        }

        var body = new JsonObject { ["certificate"] = await InputFile.ReadTextAsync(path, call.Cancellation), ["privateKey"] = await InputFile.ReadTextAsync(call.Value(keyFrom) ?? path, call.Cancellation) };
        if (call.Value(root) is { } anchor)
        {
            body["root"] = await InputFile.ReadTextAsync(anchor, call.Cancellation);
        }

        return body;
    }

    private static void Write(Terminal terminal, JsonNode state)
    {
        var phase = (string)state["phase"]!;
        terminal.Facts(
            ("change", Text(state["phase"])),
            ("shown to", phase switch { "canary" => $"{state["canaryPercent"]} % of new connections", "switched" => "all new connections", "staged" => "nobody", _ => null }),
            ("staged", ReadableTime.Of(state["staged"])),
            ("switched", ReadableTime.Of(state["switched"])),
            ("taken back at", state["rollBackAtPercent"] is { } at ? (int)at == 0 ? "never by itself" : $"{at} % failures{(state["watchedUntil"] is null ? "" : $" until {ReadableTime.Of(state["watchedUntil"])}")}" : null),
            ("was taken back", Text(state["rolledBack"])));
        var rows = new List<string?[]> { Row("present", state["present"]!, state["presentHandshakes"]) };
        if (state["next"] is { } next)
        {
            rows.Add(Row("next", next, state["nextHandshakes"]));
        }

        terminal.Table(["certificate", "from", "SHA-256", "names", "algorithm", "root", "ends", "connected", "refused", "left"], rows);
        foreach (var warning in state["warnings"]!.AsArray())
        {
            terminal.Note($"Note: {warning}");
        }
    }

    private static string?[] Row(string name, JsonNode certificate, JsonNode? counts) =>
    [
        name, Text(certificate["source"]), ((string)certificate["sha256"]!)[..16], string.Join(", ", certificate["names"]!.AsArray()), Text(certificate["algorithm"]), Text(certificate["root"]), ReadableTime.Of(certificate["notAfter"]),
        Count(counts, "completed"), Count(counts, "refused"), Count(counts, "left"),
    ];

    private static string Count(JsonNode? counts, string name) => counts is null ? "" : ((long)counts[name]!).ToString(CultureInfo.InvariantCulture);

    private static HubPath Path(params string[] more) => HubPath.Operator(["server-certificate", .. more]);

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
