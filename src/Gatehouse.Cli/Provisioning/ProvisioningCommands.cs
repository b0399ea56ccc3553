using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Certificates;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Provisioning;

/// <summary>The group <c>dps</c>: the provisioning service itself. Words as in <c>az iot dps</c>; whom it lets in is the group <c>enrollment</c>.</summary>
internal sealed class ProvisioningCommands(Shell shell)
{
    private readonly Option<string> policy = Words.OneOf(
        new Option<string>("--allocation-policy", "--ap") { Description = "hashed, geoLatency or static, for enrollments that name none.", HelpName = "policy", Required = true }, "hashed", "geoLatency", "static");

    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Only if this is still the ETag.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new ProvisioningCommands(shell);
        return Shell.Group(
            "dps",
            "The provisioning service itself: its hubs, policies and CA certificates.",
            commands.Show,
            commands.Update,
            LinkedHubCommands.Group(shell),
            ProvisioningPolicyCommands.Group(shell),
            CertificateCommands.ProvisioningGroup(shell));
    }

    private Command Show => shell.Command("show", "Shows the provisioning service.", ["gatehouse dps show"], [], async call =>
    {
        var found = await call.Provisioning.GetAsync(Path, call.Cancellation);
        var properties = found["properties"]!;
        return call.Answer(found, terminal => terminal.Facts(
            ("service", (string?)found["name"]),
            ("id scope", (string?)properties["idScope"]),
            ("device host", (string?)properties["deviceProvisioningHostName"]),
            ("service host", (string?)properties["serviceOperationsHostName"]),
            ("allocation policy", (string?)properties["allocationPolicy"]),
            ("etag", (string?)found["etag"])));
    });

    private Command Update => shell.Command("update", "Changes how hubs are chosen for enrollments that do not say.", ["gatehouse dps update --allocation-policy geoLatency"], [policy, etag], async call =>
    {
        var body = new JsonObject { ["properties"] = new JsonObject { ["allocationPolicy"] = call.Value(policy) } };
        var saved = await call.Provisioning.PatchAsync(Path, body, call.Value(etag), call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"provisioning service '{saved["name"]}' updated ({saved["properties"]!["allocationPolicy"]})."));
    });

    private static HubPath Path => HubPath.Provisioning("provisioningService");
}
