using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>Which hubs an enrollment asks for, and how one of them is chosen.</summary>
/// <remarks>Source: Device Provisioning Service "How to use allocation policies" page; <c>iotHubHostName</c> is the older form of a single hub.</remarks>
internal sealed class AllocationRules(IDeviceRegistrar registrar)
{
    private static readonly string[] Words = [AllocationPolicies.Hashed, AllocationPolicies.GeoLatency, AllocationPolicies.Static, AllocationPolicies.Custom];

    /// <summary>The linked hub that a name means: the one that devices are told, or any other that the hub answers to. Null when none does.</summary>
    internal LinkedHub? Find(string hostName, IReadOnlyList<LinkedHub> linked) =>
        linked.FirstOrDefault(each => each.HostName.Equals(hostName, StringComparison.OrdinalIgnoreCase))
        ?? (registrar.FindHub(hostName) is { } hub ? linked.FirstOrDefault(each => each.Hub == hub) : null);

    internal Result<Places> Read(EnrollmentDocument document, IReadOnlyList<LinkedHub> linked)
    {
        var hosts = document.IotHubs is { Count: > 0 } list ? list : string.IsNullOrEmpty(document.IotHubHostName) ? [] : [document.IotHubHostName];
        var known = new List<string>();
        foreach (var host in hosts)
        {
            if (Find(host, linked) is not { } hub)
            {
                return Invalid("An IoT hub that the enrollment names is not linked with this provisioning service.");
            }

            if (known.Contains(hub.HostName))
            {
                return Invalid("An IoT hub is named twice.");
            }

            known.Add(hub.HostName);
        }

        return document.IotHubHostName is { Length: > 0 } single && Find(single, linked) is var one && (one is null || !known.Contains(one.HostName))
            ? Invalid("The iotHubHostName is not among the iotHubs.")
            : Read(document, known);
    }

    private static Result<Places> Read(EnrollmentDocument document, List<string> known)
    {
        var policy = document.AllocationPolicy is null
            ? (document.IotHubHostName is { Length: > 0 } && known.Count == 1 ? AllocationPolicies.Static : null)
            : Words.FirstOrDefault(word => word.Equals(document.AllocationPolicy, StringComparison.OrdinalIgnoreCase));
        return document.AllocationPolicy is not null && policy is null ? Invalid("The allocationPolicy must be hashed, geoLatency, static or custom.")
            : policy == AllocationPolicies.Static && known.Count != 1 ? Invalid("The static allocation policy needs exactly one IoT hub.")
            : new Places(policy, known.Count == 0 ? null : known);
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);

    /// <param name="Policy">Null: the service's own.</param>
    /// <param name="HostNames">Null: all hubs of the service that take part.</param>
    internal sealed record Places(string? Policy, IReadOnlyList<string>? HostNames);
}
