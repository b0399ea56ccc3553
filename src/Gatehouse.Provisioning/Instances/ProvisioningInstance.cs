using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Instances;

/// <summary>A provisioning service of this server.</summary>
/// <param name="Name">Tenant key of its rows; the same alphabet as a hub's name.</param>
/// <param name="IdScope"><c>0ne</c> and eight hex digits: by it devices name the service, whatever host they reach it through.</param>
/// <param name="HostNames">Lower-case, without port; the first is the service's own.</param>
/// <param name="AllocationPolicy">For enrollments that name none.</param>
public sealed record ProvisioningInstance(HubName Name, string IdScope, IReadOnlyList<string> HostNames, string AllocationPolicy);
