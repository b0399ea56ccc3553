using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>Where an enrollment has its devices allocated.</summary>
/// <remarks>Source: CustomAllocationDefinition of the service's REST reference.</remarks>
internal sealed record CustomAllocationDefinition(string? WebhookUrl = null, string? ApiVersion = null)
{
    /// <summary>Its path or query often holds a key.</summary>
    public override string ToString() => "webhook ***";
}

/// <summary>What the webhook is asked.</summary>
/// <remarks>Source: Device Provisioning Service "How to use custom allocation policies" page; the shape of x509 is unconfirmed.</remarks>
internal sealed record AllocationQuestion
{
    public EnrollmentDocument? IndividualEnrollment { get; init; }

    public EnrollmentDocument? EnrollmentGroup { get; init; }

    public required AllocationContext DeviceRuntimeContext { get; init; }

    /// <summary>Host names to choose from.</summary>
    public required IReadOnlyList<string> LinkedHubs { get; init; }
}

internal sealed record AllocationContext
{
    public required string RegistrationId { get; init; }

    /// <summary>Where it is; null at first, as the next.</summary>
    public string? CurrentIotHubHostName { get; init; }

    public string? CurrentDeviceId { get; init; }

    public ContextCertificate? X509 { get; init; }

    public SymmetricKeyDocument? SymmetricKey { get; init; }

    public TpmDocument? Tpm { get; init; }

    /// <summary>What the device sent.</summary>
    public JsonNode? Payload { get; init; }
}

internal sealed record ContextCertificate(CertificateDocument ClientCertificate);

/// <summary>What it answers.</summary>
internal sealed record AllocationAnswer
{
    public string? IotHubHostName { get; init; }

    /// <summary>In place of the enrollment's.</summary>
    public JsonObject? InitialTwin { get; init; }

    /// <summary>For the device.</summary>
    public JsonNode? Payload { get; init; }
}
