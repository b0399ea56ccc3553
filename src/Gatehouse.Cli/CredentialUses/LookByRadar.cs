using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.CredentialUses;

/// <summary><c>radar</c>: who would fail if a key, a CA, TLS 1.2 or something of the kind went away tonight.</summary>
internal sealed class LookByRadar(Shell shell)
{
    private const int MostListed = 1_000;

    private readonly Option<string> without = new("--without")
    {
        Description = "What goes away: primaryKey, secondaryKey, primaryThumbprint or secondaryThumbprint (of devices and modules), policy/NAME, policy/NAME/primaryKey, policy/NAME/secondaryKey, ca/NAME, certificate/SHA-256 (a root or intermediate), tls/1.2, sas, or server-issuer/NAME (the CA above the server's certificate).",
        HelpName = "what",
        Required = true,
    };

    private readonly Option<string?> only = new Option<string?>("--only") { Description = "Only those: fails, otherWay or unknown.", HelpName = "outcome" }.AcceptOnlyFromAmong("fails", "otherWay", "unknown");
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MostListed}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> after = new("--after") { Description = "Continue after this device or module, as the last page named it.", HelpName = "identity" };

    internal Command Command => shell.Command(
        "radar",
        "Says before a change who would fail without a key, a CA or TLS 1.2.",
        [
            "gatehouse radar --without primaryKey",
            "gatehouse radar --without policy/iothubowner/primaryKey",
            "gatehouse radar --without ca/plant-7 --only fails --json",
            "gatehouse radar --without tls/1.2",
        ],
        [without, only, max, after],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        if (call.Value(max) is < 1 or > MostListed)
        {
            throw CliException.Usage($"--max: 1–{MostListed} is allowed.");
        }

        var path = HubPath.Operator("radar").With("without", call.Value(without)).With("only", call.Value(only))
            .With("max", call.Value(max).ToString(CultureInfo.InvariantCulture)).With("after", call.Value(after));
        var page = await call.Hub.GetAsync(path, call.Cancellation);
        return call.Answer(page, terminal => Write(terminal, page));
    }

    private static void Write(Terminal terminal, JsonNode page)
    {
        if (page["counts"] is { } counts)
        {
            terminal.Line($"Without {page["without"]}: {counts["fails"]} would fail, {counts["otherWay"]} have another way, {counts["unknown"]} were never seen; {counts["unaffected"]} stand on something else, {counts["disabled"]} cannot connect anyhow.");
        }

        var entries = page["value"]!.AsArray();
        if (entries.Count > 0)
        {
            terminal.Table(["identity", "outcome", "last used", "why"], entries.Select(each => new[]
            {
                CredentialCommands.Name(each!), IdentityView.Text(each!["outcome"]), ReadableTime.Of(each["lastUsed"]), IdentityView.Text(each["reason"]),
            }));
        }

        if (page["next"] is { } next)
        {
            terminal.Note($"More: --after '{next}'");
        }
    }
}
