using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Attestation;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>What a device sends with its registration. An empty body is one without anything.</summary>
/// <remarks>Source: DeviceRegistration of the device API.</remarks>
internal sealed record RegistrationBody
{
    public string? RegistrationId { get; init; }

    public ShownTpm? Tpm { get; init; }

    /// <summary>For custom allocation.</summary>
    public JsonNode? Payload { get; init; }

    /// <summary>Request for a certificate: base64 of a PKCS #10 in DER.</summary>
    public string? Csr { get; init; }
}
