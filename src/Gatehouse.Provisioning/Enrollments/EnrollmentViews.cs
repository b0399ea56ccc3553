using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Shows an enrollment as the service does.</summary>
internal static class EnrollmentViews
{
    /// <param name="row">Enrollment.</param>
    /// <param name="registration">Its device's registration; null for groups and where there is none.</param>
    /// <param name="servicePolicy">Allocation policy of the service, for an enrollment that names none.</param>
    /// <param name="vault">Opens the keys, for who has just written them; null leaves them out.</param>
    internal static EnrollmentDocument Show(EnrollmentRow row, RegistrationRow? registration, string servicePolicy, SecretVault? vault = null)
    {
        var settings = row.ReadSettings();
        var isGroup = row.Key.Kind == EnrollmentKind.Group;
        var policy = settings.AllocationPolicy ?? servicePolicy;
        return settings with
        {
            RegistrationId = isGroup ? null : row.Name,
            EnrollmentGroupId = isGroup ? row.Name : null,
            RegistrationState = registration is null ? null : RegistrationDocument.Of(registration),
            Attestation = AttestationViews.Show(row, vault),
            MeasuredBootPolicy = row.ReadProof().MeasuredBoot,
            Etag = EntityTag.Show(row.Etag),
            ProvisioningStatus = row.IsDisabled == 0 ? "enabled" : "disabled",
            CreatedDateTimeUtc = WireTime.Of(row.Created),
            LastUpdatedDateTimeUtc = WireTime.Of(row.Changed),
            AllocationPolicy = policy,
            IotHubHostName = policy == AllocationPolicies.Static ? settings.IotHubs?[0] : null,
        };
    }
}
