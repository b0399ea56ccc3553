using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.CredentialUses;

/// <summary>The group <c>credential</c>: who uses which key, certificate authority, TLS version and SDK.</summary>
internal sealed class CredentialCommands(Shell shell)
{
    private const int MostListed = 1_000;
    private const int MostDays = 36_500;

    private readonly Option<int?> days = new("--days") { Description = "Count only what was used in the last so many days. Default: all that is known.", HelpName = "number" };
    private readonly Option<bool> unused = new("--unused") { Description = "Only what nobody used (with --days: in that time) and nobody stands on now." };
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MostListed}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> after = new("--after") { Description = "Continue after this place, as the last page named it.", HelpName = "place" };
    private readonly Argument<string> identity = new("device") { Description = "Device id, or device/module; with --provisioning a registration id." };
    private readonly Option<bool> provisioning = new("--provisioning") { Description = "Of the provisioning service, not of the hub." };
    private readonly Argument<string> credential = new("credential")
    {
        Description = "primaryKey, secondaryKey, primaryThumbprint or secondaryThumbprint (of devices and modules), policy/NAME, policy/NAME/primaryKey, policy/NAME/secondaryKey, authority/SHA-256 (as 'credential list' shows it), certificate/SHA-256 (that, or one that devices send beside their own), tls/1.2 (TLS before 1.3), or sas (any token). Of the provisioning service: enrollment-group/ID/SLOT, enrollment/ID/SLOT with the slots primaryKey, secondaryKey, primaryCertificate, secondaryCertificate and endorsementKey; provisioning-policy/NAME/primaryKey or secondaryKey.",
    };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new CredentialCommands(shell);
        return Shell.Group("credential", "Who uses which key, CA, TLS version and SDK, and what nobody uses any more.", commands.List, commands.Users, commands.Show);
    }

    private Command List => shell.Command(
        "list",
        "Lists the hub's credentials with the number of their users; TLS versions and SDKs below them.",
        ["gatehouse credential list", "gatehouse credential list --unused --days 90", "gatehouse credential list --provisioning"],
        [days, unused, provisioning],
        async call =>
        {
            var summary = call.Value(provisioning)
                ? await call.Provisioning.GetAsync(HubPath.Provisioning("credentialUses").With("since", Since(call)), call.Cancellation)
                : await call.Hub.GetAsync(HubPath.Operator("credentials").With("since", Since(call)), call.Cancellation);
            if (call.Value(unused))
            {
                var kept = summary["credentials"]!.AsArray().Where(each => each!["lastUsed"] is null && ((int?)each["live"] ?? 0) == 0).Select(each => each!.DeepClone()).ToArray();
                return call.Answer(new JsonArray(kept), terminal => WriteCredentials(terminal, kept));
            }

            return call.Answer(summary, terminal =>
            {
                WriteCredentials(terminal, summary["credentials"]!.AsArray());
                WriteTotals(terminal, "tls", summary["tlsVersions"]!.AsArray());
                WriteTotals(terminal, "software", summary["software"]!.AsArray());
            });
        });

    private Command Users => shell.Command(
        "users",
        "Lists who used a credential, and says how many stand on it now.",
        ["gatehouse credential users primaryKey --days 30", "gatehouse credential users policy/iothubowner/primaryKey", "gatehouse credential users tls/1.2 --json", "gatehouse credential users enrollment-group/line-a/primaryKey"],
        [credential, days, max, after],
        async call =>
        {
            if (call.Value(max) is < 1 or > MostListed)
            {
                throw CliException.Usage($"--max: 1–{MostListed} is allowed.");
            }

            var isOfService = RegistrationUses.IsMeant(call.Value(credential));
            var path = (isOfService ? HubPath.Provisioning("credentialUses", "users") : HubPath.Operator("credentials", "users")).With("credential", call.Value(credential)).With("since", Since(call))
                .With("max", call.Value(max).ToString(CultureInfo.InvariantCulture)).With("after", call.Value(after));
            var users = await (isOfService ? call.Provisioning : call.Hub).GetAsync(path, call.Cancellation);
            if (isOfService)
            {
                return call.Answer(users, terminal => RegistrationUses.WriteUsers(terminal, users));
            }

            return call.Answer(users, terminal =>
            {
                terminal.Line($"{users["identities"]} devices and modules used {users["credential"]}, the last time {ReadableTime.Of(users["lastUsed"])}; {users["live"]} sessions stand on it now.");
                WriteUses(terminal, users["value"]!.AsArray(), withIdentity: true);
                if (users["next"] is { } next)
                {
                    terminal.Note($"More: --after '{next}'");
                }
            });
        });

    private Command Show => shell.Command(
        "show",
        "Shows what a device or module used to connect, the latest first.",
        ["gatehouse credential show sensor-1", "gatehouse credential show sensor-1/camera --json", "gatehouse credential show sensor-1 --provisioning"],
        [identity, provisioning],
        async call =>
        {
            if (call.Value(provisioning))
            {
                var ofService = (await call.Provisioning.GetAsync(HubPath.Provisioning("registrations", call.Value(identity), "credentialUses"), call.Cancellation))["value"]!.AsArray();
                return call.Answer(ofService.DeepClone(), terminal => RegistrationUses.Write(terminal, call.Value(identity), ofService));
            }

            var key = IdentityKey.TryParse(call.Value(identity), out var parsed) ? parsed : throw CliException.Usage($"'{call.Value(identity)}' is no device id, and no device/module.");
            var path = key.Module is { } module ? HubPath.Operator("devices", key.Device.Value, "modules", module.Value, "credentials") : HubPath.Operator("devices", key.Device.Value, "credentials");
            var uses = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
            return call.Answer(uses.DeepClone(), terminal =>
            {
                if (uses.Count == 0)
                {
                    terminal.Note($"'{key}' has used none of its credentials as they are registered now.");
                    return;
                }

                WriteUses(terminal, uses, withIdentity: false);
            });
        });

    private static void WriteCredentials(Terminal terminal, IEnumerable<JsonNode?> credentials) =>
        terminal.Table(["credential", "certificate", "identities", "last used", "live"], credentials.Select(each => new[]
        {
            Text(each!["credential"]), Text(each["certificate"] ?? each["thumbprint"]), Text(each["identities"] ?? each["registrations"]), ReadableTime.Of(each["lastUsed"]), Text(each["live"]),
        }));

    private static void WriteTotals(Terminal terminal, string what, JsonArray totals)
    {
        if (totals.Count > 0)
        {
            terminal.Line("");
            terminal.Table([what, "identities", "last used"], totals.Select(each => new[] { Text(each!["name"]), Text(each["identities"]), ReadableTime.Of(each["lastUsed"]) }));
        }
    }

    private static void WriteUses(Terminal terminal, JsonArray uses, bool withIdentity)
    {
        if (uses.Count == 0)
        {
            return;
        }

        string[] columns = ["credential", "last used", "first used", "protocol", "tls", "cipher suite", "software"];
        terminal.Table(withIdentity ? ["identity", .. columns] : columns, uses.Select(each => (IEnumerable<string?>)(withIdentity ? [Name(each!), .. Row(each!)] : Row(each!))));
    }

    private static string?[] Row(JsonNode use) =>
    [
        Text(use["credential"]), ReadableTime.Of(use["lastUsed"]), ReadableTime.Of(use["firstUsed"]), Text(use["protocol"]), Text(use["tlsVersion"]), Text(use["cipherSuite"]), Text(use["software"]),
    ];

    internal static string Name(JsonNode use) => Text(use["deviceId"]) is not { } device ? "(back ends)" : Text(use["moduleId"]) is { } module ? $"{device}/{module}" : device;

    private string? Since(Call call) => call.Value(days) switch
    {
        null => null,
        int count and >= 0 and <= MostDays => DateTime.UtcNow.AddDays(-count).ToString("O", CultureInfo.InvariantCulture),
        _ => throw CliException.Usage($"--days: 0–{MostDays} is allowed."),
    };

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
