using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Keeps the storage root key with which a TPM has registered in its enrollment, for who reads that, and the values of its registers where they are to be learned. The ETag stays: nothing that an operator wrote has changed.</summary>
internal static class LearnedKeys
{
    internal static async Task LearnAsync(WriteTransaction transaction, EnrollmentRow enrollment, ProvedTpm tpm, ProvedBoot? boot, CancellationToken cancellationToken)
    {
        var (known, shown) = (enrollment.ReadProof().StorageRootKey, Convert.ToBase64String(tpm.StorageRootKey.Bytes.Span));
        var values = boot is { Policy.Values: null } ? boot.Values : null;
        if (known == shown && values is null)
        {
            return;
        }

        var learned = enrollment.ReadProof() with { StorageRootKey = shown };
        learned = values is null ? learned : learned with { MeasuredBoot = boot!.Policy with { Values = values, Learned = true } };
        if (!await EnrollmentRows.UpdateProofAsync(transaction, enrollment, JsonSerializer.Serialize(learned, ProvisioningJson.Own.StoredProof), cancellationToken))
        {
            // Someone has changed the enrollment meanwhile: the next registration learns it.
            return;
        }

        var detail = new JsonObject();
        if (known != shown)
        {
            detail["storageRootKey"] = NameOf(shown);
        }

        if (known is not null && known != shown)
        {
            detail["before"] = NameOf(known);
        }

        if (values is not null)
        {
            detail["pcrValues"] = new JsonObject(values.Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value)));
        }

        transaction.Audit(new AuditRecord { Hub = enrollment.Service, Actor = $"registration:{enrollment.Name}", Action = "enrollment.learn", Subject = enrollment.Name, Detail = detail.ToJsonString() });
    }

    private static string NameOf(string key) => Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(key)));
}
