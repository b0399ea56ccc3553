using System.Text.Json;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>What a device is told: of an operation, of its registration, or what it is to prove first.</summary>
internal sealed record DeviceAnswer(OperationDocument? Operation, RegistrationDocument? Registration)
{
    /// <summary>For its TPM to open; the token of the next attempt is signed with what is inside.</summary>
    internal AttestationVerdict.Challenged? Challenge { get; init; }

    /// <summary>202 while it is to ask again, 401 when it is to prove itself, else 200.</summary>
    internal bool IsPending => Operation?.Status == RegistrationWords.Of(RegistrationStatus.Assigning);

    internal int Status => Challenge is not null ? StatusCodes.Status401Unauthorized : IsPending ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;

    internal byte[] Encode() => Challenge is { } challenge
        ? JsonSerializer.SerializeToUtf8Bytes(ChallengeDocument.Of(challenge), ProvisioningJson.Own.ChallengeDocument)
        : Operation is { } operation ? JsonSerializer.SerializeToUtf8Bytes(operation, ProvisioningJson.Own.OperationDocument)
        : JsonSerializer.SerializeToUtf8Bytes(Registration!, ProvisioningJson.Own.RegistrationDocument);
}

/// <summary>What a device with a TPM gets before its first token.</summary>
/// <remarks>Source: dps §3.3 of the wire reference; every SDK takes <paramref name="AuthenticationKey"/>, the C SDK wants <paramref name="KeyName"/> too.</remarks>
internal sealed record ChallengeDocument(string Message, string AuthenticationKey, string KeyName)
{
    private const string KeyMissing = "Authorization required. The boot of this device is measured: tpm.attestationKey is missing, the TPM2B_PUBLIC of a restricted signing key of its TPM in base64.";

    /// <summary>What its TPM is to quote too; null where the boot is not measured.</summary>
    public QuoteChallenge? MeasuredBoot { get; init; }

    internal static ChallengeDocument Of(AttestationVerdict.Challenged challenge) =>
        new(challenge.Quote is { CredentialBlob: null } ? KeyMissing : "Authorization required", Convert.ToBase64String(challenge.Blob), "registration") { MeasuredBoot = challenge.Quote };
}
