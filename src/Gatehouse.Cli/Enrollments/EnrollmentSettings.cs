using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Routing;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The options that say what becomes of devices that may register. Words as in <c>az iot dps enrollment</c>.</summary>
internal sealed class EnrollmentSettings
{
    private const string Custom = "custom";
    private const string WebhookVersion = "2021-10-01";

    private readonly Option<string?> device = new("--device-id") { Description = "Name of the device in its hub. Default: the registration id. Not for groups.", HelpName = "device" };
    private readonly Option<string?> information = new("--device-information", "--info") { Description = "What you want to know of the device: a JSON object, or @FILE. Not for groups.", HelpName = "json" };
    private readonly Option<string?> policy = Words.OneOf(
        new Option<string?>("--allocation-policy", "--ap") { Description = "How the hub is chosen: hashed, geoLatency, static for the one hub of --iot-hubs, or custom for --webhook-url. Default: the service's.", HelpName = "policy" },
        "hashed", "geoLatency", "geolatency", "static", Custom);

    private readonly Option<string?> webhook = new("--webhook-url", "--wh") { Description = "https address of the webhook that chooses the hub. One with a key in it: --webhook-url-from.", HelpName = "url" };
    private readonly Option<string?> webhookFrom = new("--webhook-url-from") { Description = "File whose one line is that address; - reads the input.", HelpName = "file" };

    private readonly Option<string[]?> hubs = new("--iot-hubs", "--ih") { Description = "Host names of the linked hubs that devices may get; '' for all. Default: all.", HelpName = "host", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> reprovision = Words.OneOf(
        new Option<string?>("--reprovision-policy", "--rp")
        {
            Description = "When a device registers again: reprovisionandmigratedata (default: it may move, its twin goes along), reprovisionandresetdata (its twin begins anew) or never (it keeps its hub).",
            HelpName = "policy",
        },
        [.. ReprovisionWords.All]);

    private readonly Option<string?> tags = new("--initial-twin-tags", "--tags") { Description = "Tags of the first twin: a JSON object, or @FILE.", HelpName = "json" };
    private readonly Option<string?> desired = new("--initial-twin-properties", "--props") { Description = "Desired properties of the first twin: a JSON object, or @FILE.", HelpName = "json" };
    private readonly Option<bool?> edge = new("--edge-enabled", "--edge") { Description = "The devices are Edge devices.", HelpName = "bool" };
    private readonly Option<string?> status = Words.OneOf(
        new Option<string?>("--provisioning-status", "--status", "--ps") { Description = "enabled (default) or disabled: nobody registers by it, nor by a group in its place.", HelpName = "status" }, "enabled", "disabled");

    private readonly Option<string?> credentialPolicy = new("--credential-policy") { Description = "Devices that send a CSR are issued certificates by this credential policy; '' for none. Default: none.", HelpName = "policy" };

    internal IEnumerable<Option> All => [device, information, policy, webhook, webhookFrom, hubs, reprovision, tags, desired, edge, status, credentialPolicy];

    internal async Task FillAsync(Call call, JsonObject enrollment, bool isGroup)
    {
        if (isGroup && (call.IsGiven(device) || call.IsGiven(information)))
        {
            throw CliException.Usage($"{device.Name} and {information.Name} are for individual enrollments: the devices of a group are named by their registration ids.");
        }

        Set(enrollment, "deviceId", call.Value(device));
        Set(enrollment, "optionalDeviceInformation", await ObjectAsync(call, information));
        Set(enrollment, "provisioningStatus", call.Value(status));
        Set(enrollment, "allocationPolicy", call.Value(policy));
        Set(enrollment, "reprovisionPolicy", call.Value(reprovision) is { } word ? ReprovisionWords.Read(word) : null);
        Set(enrollment, "credentialPolicyName", call.Value(credentialPolicy));
        Set(enrollment, "capabilities", call.IsGiven(edge) ? new JsonObject { ["iotEdge"] = call.Value(edge) ?? true } : null);
        if (call.IsGiven(policy) || call.IsGiven(hubs) || call.IsGiven(webhook) || call.IsGiven(webhookFrom))
        {
            // The older form of a single hub would contradict what is named now.
            enrollment.Remove("iotHubHostName");
        }

        if (call.IsGiven(hubs))
        {
            var names = (call.Value(hubs) ?? []).SelectMany(each => each.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            enrollment["iotHubs"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]);
        }

        await FillWebhookAsync(call, enrollment);
        await FillTwinAsync(call, enrollment);
    }

    private async Task FillWebhookAsync(Call call, JsonObject enrollment)
    {
        var given = call.IsGiven(webhook) || call.IsGiven(webhookFrom);
        var chosen = call.Value(policy);
        if ((given && chosen is not (null or Custom)) || (call.IsGiven(webhook) && call.IsGiven(webhookFrom)))
        {
            throw CliException.Usage($"{webhook.Name} or {webhookFrom.Name}, one of them, goes with {policy.Name} {Custom}.");
        }

        if (given)
        {
            var url = call.Value(webhookFrom) is { } path ? await SecretFile.ReadAsync(call, path, webhookFrom.Name) : call.Value(webhook);
            enrollment["allocationPolicy"] = Custom;
            enrollment["customAllocationDefinition"] = new JsonObject { ["webhookUrl"] = url, ["apiVersion"] = WebhookVersion };
        }
        else if (chosen == Custom && enrollment["customAllocationDefinition"] is null)
        {
            throw CliException.Usage($"{policy.Name} {Custom} needs {webhook.Name} or {webhookFrom.Name}.");
        }
        else if (chosen is not (null or Custom))
        {
            enrollment.Remove("customAllocationDefinition");
        }
    }

    private async Task FillTwinAsync(Call call, JsonObject enrollment)
    {
        if (!call.IsGiven(tags) && !call.IsGiven(desired))
        {
            return;
        }

        var twin = enrollment["initialTwin"]?.DeepClone().AsObject() ?? [];
        Set(twin, "tags", await ObjectAsync(call, tags));
        if (await ObjectAsync(call, desired) is { } properties)
        {
            twin["properties"] = new JsonObject { ["desired"] = properties };
        }

        enrollment["initialTwin"] = twin;
    }

    private static async Task<JsonObject?> ObjectAsync(Call call, Option<string?> option) =>
        call.Value(option) is { } text ? await JsonArgument.ReadObjectAsync(option.Name, text, call.Cancellation) : null;

    private static void Set(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null)
        {
            target[name] = value;
        }
    }
}
