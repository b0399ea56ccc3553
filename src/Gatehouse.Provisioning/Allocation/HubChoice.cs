using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>Chooses a hub for a device.</summary>
/// <remarks>Source: Device Provisioning Service "How to use allocation policies" page.</remarks>
internal static class HubChoice
{
    /// <summary>Hubs to choose from: those that the enrollment names, else all that take part.</summary>
    internal static IReadOnlyList<LinkedHub> Candidates(IReadOnlyList<LinkedHub>? named, IReadOnlyList<LinkedHub> linked) => named ?? [.. linked.Where(hub => hub.Applies)];

    /// <summary>Null when no hub fits.</summary>
    /// <param name="policy">Word of <see cref="AllocationPolicies"/>.</param>
    /// <param name="named">Hubs that the enrollment names, in its order; null for all that take part.</param>
    /// <param name="linked">Linked hubs in the order of their host names.</param>
    /// <param name="registrationId">In lower case: the same device gets the same hub.</param>
    internal static LinkedHub? Make(string policy, IReadOnlyList<LinkedHub>? named, IReadOnlyList<LinkedHub> linked, string registrationId)
    {
        var candidates = Candidates(named, linked);
        return candidates.Count == 0 ? null : policy == AllocationPolicies.Hashed ? Weighted(candidates, registrationId) : candidates[0];
    }

    // Rendezvous hashing: when a hub comes or goes, only the devices that it gains or loses move.
    private static LinkedHub Weighted(IReadOnlyList<LinkedHub> candidates, string registrationId) =>
        candidates.MaxBy(hub => hub.Weight / -Math.Log(Draw(hub.HostName, registrationId)))!;

    /// <summary>Above 0 and below 1, the same each time.</summary>
    private static double Draw(string hostName, string registrationId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{hostName}\n{registrationId}"), hash);
        return ((BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) + 0.5) / (1UL << 53);
    }
}
