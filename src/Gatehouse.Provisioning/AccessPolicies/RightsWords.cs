using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>Rights as text, in the order of the service's documentation.</summary>
/// <remarks>Source: AccessRightsDescription of the service's management API.</remarks>
internal static class RightsWords
{
    private static readonly Rights[] All = [Rights.ServiceConfig, Rights.EnrollmentRead, Rights.EnrollmentWrite, Rights.DeviceConnect, Rights.RegistrationStatusRead, Rights.RegistrationStatusWrite];

    internal static string Of(Rights rights) => string.Join(", ", All.Where(each => rights.HasFlag(each)));

    /// <summary>Null when it is no list of them, or an empty one. Words in any case, once each.</summary>
    internal static Rights? Read(string? text)
    {
        var rights = Rights.None;
        foreach (var word in (text ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var right = Array.Find(All, each => each.ToString().Equals(word, StringComparison.OrdinalIgnoreCase));
            if (right == Rights.None || rights.HasFlag(right))
            {
                return null;
            }

            rights |= right;
        }

        return rights;
    }
}
