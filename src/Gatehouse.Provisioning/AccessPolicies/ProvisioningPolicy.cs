using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>A shared access policy of a provisioning service with its keys in the open: for whoever owns the server, and for nobody else.</summary>
/// <param name="Name">Policy name.</param>
/// <param name="Rights">What it may do.</param>
/// <param name="PrimaryKey">Base64.</param>
/// <param name="SecondaryKey">Base64.</param>
public sealed record ProvisioningPolicy(string Name, Rights Rights, string PrimaryKey, string SecondaryKey)
{
    public override string ToString() => $"policy {Name} ***";
}
