using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Querying;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment certificates</c>: what the service has issued.</summary>
internal sealed class ListCertificates(Shell shell)
{
    private const int MaxDays = 36_500;

    private readonly Argument<string?> registration = new("registration") { Description = "Registration id of a device. Default: all devices.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> policy = new("--credential-policy") { Description = "Only those that a credential policy issued.", HelpName = "policy" };
    private readonly Option<int?> within = new("--expires-within") { Description = "Only those that have ended or end within so many days, the first to end first.", HelpName = "days" };
    private readonly Option<int?> top = new("--top") { Description = "At most so many. Default: all.", HelpName = "number" };

    internal Command Command => shell.Command(
        "certificates",
        "Lists the certificates that devices were issued when they registered.",
        ["gatehouse enrollment certificates", "gatehouse enrollment certificates sensor-1", "gatehouse enrollment certificates --expires-within 7"],
        [registration, policy, within, top],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        if (call.Value(top) is < 1)
        {
            throw CliException.Usage("--top: a number from 1 on.");
        }

        if (call.Value(within) is < 0 or > MaxDays)
        {
            throw CliException.Usage($"{within.Name}: a number from 0 to {MaxDays}.");
        }

        if (new[] { call.Value(registration) is not null, call.Value(policy) is not null, call.Value(within) is not null }.Count(given => given) > 1)
        {
            throw CliException.Usage($"give one of a registration id, {policy.Name} and {within.Name}.");
        }

        var before = call.Value(within) is { } days ? DateTimeOffset.UtcNow.AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) : null;
        var path = HubPath.Provisioning("issuedCertificates").With("registrationId", call.Value(registration)).With("credentialPolicyName", call.Value(policy)).With("expiresBefore", before);
        var found = new JsonArray();
        await foreach (var row in QueryPages.ReadAsync(call.Provisioning, path, null, call.Value(top), call.Cancellation))
        {
            found.Add(row);
        }

        return call.Answer(found, terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note("no certificates. A device that asked for one in vain: gatehouse why REGISTRATION");
                return;
            }

            terminal.Table(["registration", "status", "keys", "policy", "issued", "from", "until", "serial", "SHA-256"], found.Select(each => (IEnumerable<string?>)[
                Text(each!["registrationId"]), Status(each), Text(each["keyType"]), Text(each["credentialPolicyName"]), ReadableTime.Of(each["issuedDateTimeUtc"]),
                ReadableTime.Of(each["notBeforeUtc"]), ReadableTime.Of(each["notAfterUtc"]), Text(each["serialNumber"]), Text(each["sha256Thumbprint"])]));
        });
    }

    // Whom it still opens a door is more than a detail.
    private static string? Status(JsonNode certificate) => certificate["untoldHubs"] is JsonArray untold
        ? $"{Text(certificate["status"])}, not yet at {string.Join(", ", untold.Select(hub => Text(hub!["name"])))}"
        : Text(certificate["status"]);

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
