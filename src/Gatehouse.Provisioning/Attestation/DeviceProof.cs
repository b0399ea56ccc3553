using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Instances;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>What a device showed: who it says it is, and its proof.</summary>
/// <param name="Instance">The service that its id scope names.</param>
/// <param name="RegistrationId">As the device spells it: keys of groups are derived from that.</param>
/// <param name="Token">SAS token; null or empty for none.</param>
/// <param name="Certificate">What TLS proved; null for none.</param>
internal sealed record DeviceProof(ProvisioningInstance Instance, string RegistrationId, string? Token, PeerCertificate? Certificate)
{
    /// <summary>Public areas of its TPM's keys; null for a device that names none.</summary>
    public ShownTpm? Tpm { get; init; }

    /// <summary>Whether nothing more comes; else its body may bring the keys of a TPM.</summary>
    public bool HasBody { get; init; }

    /// <summary>Whether it begins a registration; else it asks about one.</summary>
    public bool IsRegistering { get; init; }

    /// <summary>Whether it is judged once more because its turn to be registered has come: then its record is read with its enrollment.</summary>
    public bool IsInTurn { get; init; }

    /// <summary>Whether its transport has a place for a quote.</summary>
    public bool CanQuote { get; init; }

    /// <summary>For back-off and the refusal log.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary>Never the token.</summary>
    public override string ToString() => RegistrationId;
}
