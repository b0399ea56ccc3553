using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>What a device gets in its hub: the credentials by which it attested, both keys or both certificates where there are two; a TPM a new key each time. Who asked for a certificate gets that and nothing else.</summary>
/// <remarks>Unconfirmed for certificates of groups: the thumbprint of the presented leaf is taken, so that the hub needs no CA.</remarks>
internal sealed class DeviceCredentials(SecretVault vault)
{
    internal ProvisionedDevice Describe(DeviceId id, string registrationId, AttestationVerdict.Accepted accepted, ReadOnlyMemory<byte> twin, bool resetsTwin)
    {
        var enrollment = accepted.Enrollment;
        if (accepted.Certificate is { } issued)
        {
            return new ProvisionedDevice
            {
                Id = id,
                IsEdge = enrollment.ReadSettings().Capabilities?.IotEdge ?? false,
                PrimaryThumbprint = issued.Row.Thumbprint,
                KeptThumbprint = issued.Before,
                Twin = twin,
                ResetsTwin = resetsTwin,
            };
        }

        var isGroup = enrollment.Key.Kind == EnrollmentKind.Group;
        var holdsKeys = enrollment.Type == AttestationType.SymmetricKey;
        var proof = enrollment.ReadProof();
        return new ProvisionedDevice
        {
            Id = id,
            IsEdge = enrollment.ReadSettings().Capabilities?.IotEdge ?? false,
            PrimaryKey = holdsKeys ? KeyOf(enrollment, enrollment.Primary, isGroup, registrationId) : accepted.Credential?.Key,
            SecondaryKey = holdsKeys ? KeyOf(enrollment, enrollment.Secondary, isGroup, registrationId) : accepted.Credential?.Other,
            PrimaryThumbprint = holdsKeys ? null : isGroup ? accepted.Thumbprint : X509Attestation.ThumbprintOf(proof.ClientPrimary),
            SecondaryThumbprint = holdsKeys || isGroup ? null : X509Attestation.ThumbprintOf(proof.ClientSecondary),
            Twin = twin,
            ResetsTwin = resetsTwin,
            EndsQuarantineOf = accepted.Tpm is null ? null : HubName.Parse(enrollment.Service),
        };
    }

    /// <exception cref="KeysException">The key does not open: a device without credentials must not come of that.</exception>
    private string KeyOf(EnrollmentRow enrollment, SealedSecret key, bool isGroup, string registrationId)
    {
        if (isGroup)
        {
            return RegistrationToken.Derive(vault, key, enrollment.Binding, registrationId)
                ?? throw new KeysException($"A key of the enrollment group '{enrollment.Name}' does not open: it was altered, moved to another row, or sealed under keys that are not here.");
        }

        var clear = vault.Reveal(key, enrollment.Binding);
        var text = Convert.ToBase64String(clear);
        CryptographicOperations.ZeroMemory(clear);
        return text;
    }
}
