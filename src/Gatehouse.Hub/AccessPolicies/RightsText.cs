using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>Rights as the management API spells them: a list in a fixed order, joined by a comma and a blank.</summary>
/// <remarks>Source: Microsoft.Devices AccessRights; its clients refuse other orders in answers. Requests may use any order.</remarks>
public static class RightsText
{
    private const int MaxLength = 128;

    private static readonly Rights[] Order = [Rights.RegistryRead, Rights.RegistryWrite, Rights.ServiceConnect, Rights.DeviceConnect];

    public static string Write(Rights rights) => string.Join(", ", Order.Where(right => (rights & right) != 0));

    /// <summary>ArgumentInvalid for none, an unknown or a repeated right.</summary>
    public static Result<Rights> Parse(string? text)
    {
        var rights = Rights.None;
        if (text is { Length: <= MaxLength })
        {
            foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
            {
                var right = Array.Find(Order, each => string.Equals(each.ToString(), part, StringComparison.OrdinalIgnoreCase));
                if (right == Rights.None || (rights & right) != 0)
                {
                    rights = Rights.None;
                    break;
                }

                rights |= right;
            }
        }

        return rights == Rights.None
            ? HubErrors.ArgumentInvalid.With("The rights must be one or more of RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect, each once, with commas between.")
            : rights;
    }
}
