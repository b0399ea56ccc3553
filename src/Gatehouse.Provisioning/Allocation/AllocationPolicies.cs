namespace Gatehouse.Provisioning.Allocation;

/// <summary>Wire words of <c>allocationPolicy</c>.</summary>
internal static class AllocationPolicies
{
    internal const string Hashed = "hashed";
    internal const string GeoLatency = "geoLatency";
    internal const string Static = "static";
    internal const string Custom = "custom";
}
