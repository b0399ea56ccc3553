using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>The status reason of a device that a provisioning service has put into quarantine. By it the service knows its own work again: whoever disables the device by hand gives another reason, or none.</summary>
public static class QuarantineReason
{
    private const int MaxLength = 128;

    /// <summary>At most 128 characters, as long as a status reason may be.</summary>
    public static string Of(HubName service, string why)
    {
        var reason = $"{Mark(service)}{why}";
        return reason.Length <= MaxLength ? reason : reason[..MaxLength];
    }

    /// <summary>Whether this service gave the reason.</summary>
    public static bool Is(string? reason, HubName service) => reason?.StartsWith(Mark(service), StringComparison.Ordinal) == true;

    private static string Mark(HubName service) => $"Quarantine by {service}: ";
}
