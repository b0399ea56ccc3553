using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Rotation;

/// <summary>Where plans are: at the hub, or at the provisioning service, which has those for its own keys.</summary>
internal sealed class RotationTarget(Call call, bool isService)
{
    /// <summary>Kinds of plans of the provisioning service.</summary>
    internal static IReadOnlyList<string> ServiceKinds { get; } = ["group-key", "enrollment-key", "group-ca", "provisioning-policy-key"];

    internal static RotationTarget Of(Call call, string kind) => new(call, ServiceKinds.Contains(kind));

    internal Task<JsonNode> ListAsync() => isService
        ? call.Provisioning.GetAsync(HubPath.Provisioning("rotations"), call.Cancellation)
        : call.Hub.GetAsync(HubPath.Operator("rotations"), call.Cancellation);

    internal Task<JsonNode> FindAsync(string plan) => isService
        ? call.Provisioning.GetAsync(HubPath.Provisioning("rotations", plan), call.Cancellation)
        : call.Hub.GetAsync(HubPath.Operator("rotations", plan), call.Cancellation);

    internal Task<JsonNode> CreateAsync(JsonNode body, bool isDrill)
    {
        var path = isService ? HubPath.Provisioning("rotations") : HubPath.Operator("rotations");
        return (isService ? call.Provisioning : call.Hub).PostAsync(path.With("drill", isDrill ? "true" : null), body, null, call.Cancellation);
    }

    internal Task<JsonNode> ListRulesAsync() => Client.GetAsync(RulePath(), call.Cancellation);

    internal Task<JsonNode> SetRuleAsync(string kind, JsonNode body) => Client.PutAsync(RulePath(kind), body, null, call.Cancellation);

    internal Task<JsonNode> RemoveRuleAsync(string kind) => Client.DeleteAsync(RulePath(kind), null, call.Cancellation);

    internal Task<JsonNode> ListDueAsync(string kind, int max) => Client.GetAsync(RulePath(kind, "due").With("max", max.ToString(CultureInfo.InvariantCulture)), call.Cancellation);

    private HubClient Client => isService ? call.Provisioning : call.Hub;

    private HubPath RulePath(params string[] segments) => isService ? HubPath.Provisioning(["rotationRules", .. segments]) : HubPath.Operator(["rotation-rules", .. segments]);

    internal Task<JsonNode> ChangeAsync(string plan, string verb) => isService
        ? call.Provisioning.PostAsync(HubPath.Provisioning("rotations", plan).With("change", verb), null, null, call.Cancellation)
        : call.Hub.PostAsync(HubPath.Operator("rotations", plan, verb), null, null, call.Cancellation);
}
