using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>An individual enrollment or an enrollment group as it stands on the wire. Null is absent.</summary>
/// <remarks>Source: IndividualEnrollment and EnrollmentGroup of the service's REST reference.</remarks>
internal sealed record EnrollmentDocument
{
    public string? RegistrationId { get; init; }

    public string? EnrollmentGroupId { get; init; }

    public string? DeviceId { get; init; }

    /// <summary>Read-only.</summary>
    public RegistrationDocument? RegistrationState { get; init; }

    public JsonObject? OptionalDeviceInformation { get; init; }

    public AttestationDocument? Attestation { get; init; }

    public CapabilitiesDocument? Capabilities { get; init; }

    public string? IotHubHostName { get; init; }

    public IReadOnlyList<string>? IotHubs { get; init; }

    public JsonObject? InitialTwin { get; init; }

    /// <summary>Read-only: If-Match says which version is meant.</summary>
    public string? Etag { get; init; }

    public string? ProvisioningStatus { get; init; }

    public ReprovisionPolicyDocument? ReprovisionPolicy { get; init; }

    /// <summary>Read-only, as the next.</summary>
    public string? CreatedDateTimeUtc { get; init; }

    public string? LastUpdatedDateTimeUtc { get; init; }

    public string? AllocationPolicy { get; init; }

    public CustomAllocationDefinition? CustomAllocationDefinition { get; init; }

    /// <summary>By which policy its devices are issued certificates when they ask for one; null: by none.</summary>
    public string? CredentialPolicyName { get; init; }

    /// <summary>What the device must have booted; not of the service. Null: that is not looked at.</summary>
    public MeasuredBootPolicy? MeasuredBootPolicy { get; init; }

    /// <summary>It may hold keys.</summary>
    public override string ToString() => $"enrollment {RegistrationId ?? EnrollmentGroupId} ***";
}

internal sealed record CapabilitiesDocument(bool IotEdge);

/// <param name="UpdateHubAssignment">Whether registering again may move the device to another hub.</param>
/// <param name="MigrateDeviceData">Whether its twin goes with it; else it begins anew.</param>
internal sealed record ReprovisionPolicyDocument(bool UpdateHubAssignment = true, bool MigrateDeviceData = true);
