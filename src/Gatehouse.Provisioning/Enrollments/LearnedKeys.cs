using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Keeps the storage root key with which a TPM has registered in its enrollment, for who reads that. The ETag stays: nothing that an operator wrote has changed.</summary>
internal static class LearnedKeys
{
    internal static async Task LearnAsync(WriteTransaction transaction, EnrollmentRow enrollment, ProvedTpm tpm, CancellationToken cancellationToken)
    {
        var (known, shown) = (enrollment.ReadProof().StorageRootKey, Convert.ToBase64String(tpm.StorageRootKey.Bytes.Span));
        if (known == shown)
        {
            return;
        }

        var learned = enrollment with { Proof = JsonSerializer.Serialize(enrollment.ReadProof() with { StorageRootKey = shown }, ProvisioningJson.Types.StoredProof) };
        if (!await EnrollmentRows.UpdateProofAsync(transaction, learned, cancellationToken))
        {
            // Someone has changed the enrollment meanwhile: the next registration learns it.
            return;
        }

        var detail = new JsonObject { ["storageRootKey"] = NameOf(shown) };
        if (known is not null)
        {
            detail["before"] = NameOf(known);
        }

        transaction.Audit(new AuditRecord { Hub = enrollment.Service, Actor = $"registration:{enrollment.Name}", Action = "enrollment.learn", Subject = enrollment.Name, Detail = detail.ToJsonString() });
    }

    private static string NameOf(string key) => Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(key)));
}
