using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Writes one enrollment in someone's transaction, which holds the service's lock. Everything is checked before a row is touched.</summary>
internal sealed class EnrollmentWriter(SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    private const int NewKeyBytes = 64;

    internal async Task<Result<EnrollmentRow>> PutAsync(
        WriteTransaction transaction, ProvisioningInstance instance, string actor, EnrollmentInput input, WriteMode mode, string? etag, CancellationToken cancellationToken)
    {
        var present = await EnrollmentRows.FindAsync(transaction.Connection, instance.Name, input.Key, cancellationToken, transaction.Transaction);
        if ((present, mode) is (not null, WriteMode.Create) or (null, WriteMode.Update))
        {
            return present is null ? ProvisioningErrors.EnrollmentNotFound : ProvisioningErrors.EnrollmentExists;
        }

        if (present is not null && !EntityTag.Fits(etag, present.Etag))
        {
            return ProvisioningErrors.PreconditionFailed;
        }

        var row = present is null ? New(instance, input) : Change(present, input);
        if (!row.IsOk)
        {
            return row.Error;
        }

        return await CheckAsync(transaction, instance, row.Value, present is null, cancellationToken) is { } refused
            ? refused
            : await SaveAsync(transaction, row.Value, present is null, actor, cancellationToken);
    }

    internal static async Task<Result<EnrollmentRow>> DeleteAsync(
        WriteTransaction transaction, ProvisioningInstance instance, string actor, EnrollmentKey key, string? etag, CancellationToken cancellationToken)
    {
        if (await EnrollmentRows.FindAsync(transaction.Connection, instance.Name, key, cancellationToken, transaction.Transaction) is not { } present)
        {
            return ProvisioningErrors.EnrollmentNotFound;
        }

        if (!EntityTag.Fits(etag, present.Etag))
        {
            return ProvisioningErrors.PreconditionFailed;
        }

        await EnrollmentRows.DeleteAsync(transaction, present, cancellationToken);
        if (key.Kind == EnrollmentKind.Individual)
        {
            await InstanceRows.AddEnrollmentsAsync(transaction, instance.Name, -1, cancellationToken);
        }

        Record(transaction, present, "delete", actor);
        return present;
    }

    private Result<EnrollmentRow> New(ProvisioningInstance instance, EnrollmentInput input)
    {
        if (input.KeptPrimary is not null || input.KeptSecondary is not null)
        {
            return ProvisioningErrors.ArgumentInvalid.With("A certificate is missing: its info alone says nothing of a new enrollment.");
        }

        var now = time.GetUtcNow().UtcTicks;
        var row = new EnrollmentRow
        {
            Service = instance.Name.Value,
            Kind = (long)input.Key.Kind,
            Id = input.Key.Id,
            Name = input.Name,
            GenerationId = Guid.NewGuid().ToString("N"),
            Attestation = (long)input.Type,
            Created = now,
        };
        return Describe(row, input, input.Proof);
    }

    private Result<EnrollmentRow> Change(EnrollmentRow present, EnrollmentInput input)
    {
        if (present.Type != input.Type)
        {
            return ProvisioningErrors.ArgumentInvalid.With("The attestation type of an enrollment cannot be changed.");
        }

        var stored = present.ReadProof();
        var isGroup = input.Key.Kind == EnrollmentKind.Group;
        var (primary, secondary) = isGroup
            ? (input.Proof.SigningPrimary ?? Kept(input.KeptPrimary, stored.SigningPrimary, stored.SigningSecondary), input.Proof.SigningSecondary ?? Kept(input.KeptSecondary, stored.SigningPrimary, stored.SigningSecondary))
            : (input.Proof.ClientPrimary ?? Kept(input.KeptPrimary, stored.ClientPrimary, stored.ClientSecondary), input.Proof.ClientSecondary ?? Kept(input.KeptSecondary, stored.ClientPrimary, stored.ClientSecondary));
        if ((input.KeptPrimary is not null && primary is null) || (input.KeptSecondary is not null && secondary is null))
        {
            return ProvisioningErrors.ArgumentInvalid.With("A certificate is missing, and its info is not that of a certificate of this enrollment.");
        }

        if (primary is not null && primary == secondary)
        {
            return ProvisioningErrors.ArgumentInvalid.With("The primary and the secondary certificate are the same.");
        }

        var proof = isGroup ? input.Proof with { SigningPrimary = primary, SigningSecondary = secondary } : input.Proof with { ClientPrimary = primary, ClientSecondary = secondary };

        // The same endorsement key keeps its certificate, and the storage root key that was learned with it; another one is another board, of which nothing is known or learned yet.
        return Describe(present, input, proof.EndorsementKey == stored.EndorsementKey
            ? proof with { StorageRootKey = proof.StorageRootKey ?? stored.StorageRootKey, EndorsementCertificate = proof.EndorsementCertificate ?? stored.EndorsementCertificate }
            : proof.MeasuredBoot is { Learned: true } learned ? proof with { MeasuredBoot = learned with { Values = null, Learned = null } }
            : proof);
    }

    // A client that changes an enrollment sends back what it has read: the thumbprint in place of the certificate.
    private static string? Kept(string? thumbprint, params string?[] stored) => thumbprint is null
        ? null
        : stored.FirstOrDefault(each => each is not null && Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(each))).Equals(thumbprint, StringComparison.OrdinalIgnoreCase));

    private EnrollmentRow Describe(EnrollmentRow row, EnrollmentInput input, StoredProof proof)
    {
        var holdsKeys = input.Type == AttestationType.SymmetricKey;

        // Before they are sealed, which wipes them.
        var (primaryMade, secondaryMade) = holdsKeys ? (MadeAt(row, input.PrimaryKey, row.PrimaryKey, row.PrimaryMade), MadeAt(row, input.SecondaryKey, row.SecondaryKey, row.SecondaryMade)) : (0, 0);
        return row with
        {
            PrimaryMade = primaryMade,
            SecondaryMade = secondaryMade,
            Etag = EntityTag.New(),
            IsDisabled = input.IsDisabled ? 1 : 0,
            PrimaryKey = holdsKeys || input.Type == AttestationType.Tpm ? Seal(input.PrimaryKey, row.PrimaryKey, row.Binding) : null,
            SecondaryKey = holdsKeys ? Seal(input.SecondaryKey, row.SecondaryKey, row.Binding) : null,
            Proof = JsonSerializer.Serialize(proof, ProvisioningJson.Own.StoredProof),
            Settings = JsonSerializer.Serialize(input.Settings, ProvisioningJson.Own.EnrollmentDocument),
            CredentialPolicy = input.Settings.CredentialPolicyName?.ToLowerInvariant() ?? "",
            Changed = time.GetUtcNow().UtcTicks,
        };
    }

    private long MadeAt(EnrollmentRow row, byte[]? given, byte[]? stored, long made) =>
        given is null && stored is not null ? made : vault.MadeAt(row.Binding, given, time.GetUtcNow().UtcTicks, (row.PrimaryKey, row.PrimaryMade), (row.SecondaryKey, row.SecondaryMade));

    // A key that is left out stays as it is; a new enrollment gets a new one.
    private byte[] Seal(byte[]? given, byte[]? stored, string binding)
    {
        if (given is null && stored is not null)
        {
            return stored;
        }

        var key = given ?? RandomNumberGenerator.GetBytes(NewKeyBytes);
        var blob = vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }

    private async Task<HubError?> CheckAsync(WriteTransaction transaction, ProvisioningInstance instance, EnrollmentRow row, bool isNew, CancellationToken cancellationToken)
    {
        var authorities = row.Type == AttestationType.X509 && row.Key.Kind == EnrollmentKind.Group ? await CaCertificateRows.ListAsync(transaction.Connection, instance.Name, cancellationToken, transaction.Transaction) : [];
        var claims = AttestationRules.ClaimsOf(row).Union(AttestationRules.OtherNamesOf(row, authorities)).ToList();
        if (await EnrollmentRows.FindClaimAsync(transaction, instance.Name, row.Key, claims, cancellationToken) is { } taken)
        {
            var what = taken.Claim[..taken.Claim.IndexOf(':', StringComparison.Ordinal)] switch { "certificate" => "certificate", "endorsement" => "endorsement key", "ca" => "CA certificate", _ => "device id" };
            return ProvisioningErrors.EnrollmentConflict.With($"The {what} belongs to the {(taken.Kind == 0 ? "individual enrollment" : "enrollment group")} '{taken.Id}'.");
        }

        foreach (var name in row.ReadProof().Authorities)
        {
            if (await CaCertificateRows.FindAsync(transaction.Connection, instance.Name, name, cancellationToken, transaction.Transaction) is not { IsVerified: not 0 })
            {
                return ProvisioningErrors.ArgumentInvalid.With($"There is no verified CA certificate '{name}'.");
            }
        }

        if (row.CredentialPolicy.Length > 0 && await CredentialPolicyRows.FindAsync(transaction.Connection, instance.Name, row.CredentialPolicy, cancellationToken, transaction.Transaction) is null)
        {
            return ProvisioningErrors.ArgumentInvalid.With($"There is no credential policy '{row.CredentialPolicy}'.");
        }

        if (!isNew)
        {
            return null;
        }

        var isGroup = row.Key.Kind == EnrollmentKind.Group;
        var (count, most) = isGroup
            ? (await EnrollmentRows.CountGroupsAsync(transaction, instance.Name, row.Type, cancellationToken), options.MaxGroups)
            : (await InstanceRows.CountEnrollmentsAsync(transaction, instance.Name, cancellationToken), options.MaxEnrollments);
        return count < most ? null : ProvisioningErrors.TooManyEnrollments.With($"The service has {most} {(isGroup ? "enrollment groups of this kind" : "individual enrollments")}, the most it may have.");
    }

    private static async Task<EnrollmentRow> SaveAsync(WriteTransaction transaction, EnrollmentRow row, bool isNew, string actor, CancellationToken cancellationToken)
    {
        if (isNew)
        {
            await EnrollmentRows.InsertAsync(transaction, row, cancellationToken);
            if (row.Key.Kind == EnrollmentKind.Individual)
            {
                await InstanceRows.AddEnrollmentsAsync(transaction, Contracts.Identities.HubName.Parse(row.Service), 1, cancellationToken);
            }
        }
        else
        {
            await EnrollmentRows.UpdateAsync(transaction, row, cancellationToken);
        }

        await EnrollmentRows.WriteClaimsAsync(transaction, row, AttestationRules.ClaimsOf(row), cancellationToken);
        Record(transaction, row, isNew ? "create" : "update", actor);
        return row;
    }

    // What can attest now, by thumbprint; never a key.
    private static void Record(WriteTransaction transaction, EnrollmentRow row, string verb, string actor)
    {
        var detail = new JsonObject { ["attestation"] = AttestationViews.WordOf(row.Type), ["provisioningStatus"] = row.IsDisabled == 0 ? "enabled" : "disabled" };
        if (row.CredentialPolicy.Length > 0)
        {
            detail["credentialPolicy"] = row.CredentialPolicy;
        }

        var certificates = AttestationRules.ClaimsOf(row).Where(claim => !claim.StartsWith("device:", StringComparison.Ordinal)).ToList();
        if (certificates.Count > 0)
        {
            detail["proofs"] = string.Join(", ", certificates);
        }

        if (row.ReadProof().EndorsementCertificate is { } certificate)
        {
            detail["endorsementCertificate"] = Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(certificate)));
        }

        if (row.ReadProof().MeasuredBoot is { } boot)
        {
            detail["measuredBoot"] = $"{boot.HashAlgorithm}:{string.Join(',', boot.Pcrs!)}";
            detail["pcrValues"] = boot.Values is null ? "to be learned" : boot.Learned == true ? "learned" : "given";
        }

        var isGroup = row.Key.Kind == EnrollmentKind.Group;
        transaction.Audit(new AuditRecord { Hub = row.Service, Actor = actor, Action = $"{(isGroup ? "enrollmentgroup" : "enrollment")}.{verb}", Subject = row.Name, Detail = detail.ToJsonString() });
        if (isGroup)
        {
            transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, row.Service, row.Id));
        }
    }
}
