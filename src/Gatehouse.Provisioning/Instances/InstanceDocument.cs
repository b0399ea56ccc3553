using System.Security.Cryptography;
using System.Text;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Instances;

/// <summary>A provisioning service on the wire.</summary>
/// <remarks>Source: ProvisioningServiceDescription of the service's management API; linked hubs, policies and certificates have addresses of their own here.</remarks>
internal sealed record InstanceDocument
{
    public string? Name { get; init; }

    public string? Etag { get; init; }

    public InstanceProperties? Properties { get; init; }

    internal static InstanceDocument Of(ProvisioningInstance instance) => new()
    {
        Name = instance.Name.Value,
        Etag = EntityTag.Show(EtagOf(instance)),
        Properties = new InstanceProperties
        {
            State = "Active",
            IdScope = instance.IdScope,
            AllocationPolicy = instance.AllocationPolicy,
            DeviceProvisioningHostName = instance.HostNames[0],
            ServiceOperationsHostName = instance.HostNames[0],
        },
    };

    /// <summary>Of what can be changed.</summary>
    internal static string EtagOf(ProvisioningInstance instance) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{instance.IdScope}\n{instance.AllocationPolicy}")))[..16];
}

internal sealed record InstanceProperties
{
    public string? State { get; init; }

    public string? IdScope { get; init; }

    /// <summary>For enrollments that name none: hashed, geoLatency or static. The only one that can be changed.</summary>
    public string? AllocationPolicy { get; init; }

    public string? DeviceProvisioningHostName { get; init; }

    public string? ServiceOperationsHostName { get; init; }
}
