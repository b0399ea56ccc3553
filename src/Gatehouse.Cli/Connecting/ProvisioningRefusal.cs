using System.Globalization;
using System.Reflection;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Cli.Connecting;

/// <summary>What there is to say of the provisioning service's errors: it sends their numbers, people read their names.</summary>
internal static class ProvisioningRefusal
{
    private static readonly Dictionary<string, string> Names = typeof(ProvisioningErrors).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (HubError)field.GetValue(null)!)
        .ToDictionary(error => error.Code.ToString(CultureInfo.InvariantCulture), error => error.Name);

    /// <param name="number">Value of <c>x-ms-error-code</c>; null when there is none.</param>
    internal static string? NameOf(string? number) => number is null ? null : Names.GetValueOrDefault(number, number);

    /// <returns>Null for what the hub's errors have words for too.</returns>
    internal static string? Next(string name, HubAddress address) => name switch
    {
        "Unauthorized" =>
            $" The provisioning service at {address} did not accept policy '{address.Policy.PolicyName}' of {address.Source} for this: it must be a policy of the service, not of a hub; or its key is not the present one, it lacks the right, or this machine's clock is off.",
        "EnrollmentNotFound" => " 'gatehouse enrollment list' shows the individual enrollments there are, with --group the groups.",
        "RegistrationNotFound" => " 'gatehouse enrollment registrations list' shows the devices that have registered.",
        "LinkedHubNotFound" => " 'gatehouse dps linked-hub list' shows the hubs that are linked.",
        "PolicyNotFound" => " 'gatehouse dps policy list' shows the policies there are.",
        "CertificateNotFound" => " 'gatehouse dps certificate list' shows the CA certificates there are.",
        "EnrollmentExists" => " 'gatehouse enrollment update' changes it.",
        "TooManyRequests" => " Wait a moment and repeat.",
        _ => null,
    };
}
