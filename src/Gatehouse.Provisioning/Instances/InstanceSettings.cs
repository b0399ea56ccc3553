using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Instances;

/// <summary>What back ends see and change of a service itself.</summary>
internal sealed class InstanceSettings(Database database)
{
    // A webhook belongs to an enrollment.
    private static readonly string[] Words = [AllocationPolicies.Hashed, AllocationPolicies.GeoLatency, AllocationPolicies.Static];

    internal async Task<Result<ProvisioningInstance>> GetAsync(HubName service, CancellationToken cancellationToken) =>
        (await database.ReadAsync(InstanceRows.ReadAllAsync, cancellationToken)).FirstOrDefault(each => each.Name == service) is { } found ? found : ProvisioningErrors.NotFound;

    /// <summary>ArgumentInvalid, PreconditionFailed. From the next registration on.</summary>
    internal Task<Result<ProvisioningInstance>> UpdateAsync(HubName service, string actor, InstanceProperties? change, string? etag, CancellationToken cancellationToken) => database.WriteAsync<ProvisioningInstance>(
        async (transaction, token) =>
        {
            if (await InstanceRows.LockAsync(transaction, database.Dialect, service, token) is not { } present)
            {
                return ProvisioningErrors.NotFound;
            }

            if (!EntityTag.Fits(etag, InstanceDocument.EtagOf(present)))
            {
                return ProvisioningErrors.PreconditionFailed;
            }

            if (Array.Find(Words, word => word.Equals(change?.AllocationPolicy, StringComparison.OrdinalIgnoreCase)) is not { } policy)
            {
                return ProvisioningErrors.ArgumentInvalid.With("The allocationPolicy of a service must be hashed, geoLatency or static.");
            }

            var changed = present with { AllocationPolicy = policy };
            await InstanceRows.UpdateAllocationPolicyAsync(transaction, changed, token);
            transaction.Audit(new AuditRecord
            {
                Hub = service.Value,
                Actor = actor,
                Action = "provisioning.update",
                Subject = service.Value,
                Detail = new JsonObject { ["allocationPolicy"] = policy, ["before"] = present.AllocationPolicy }.ToJsonString(),
            });
            transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, service.Value, ""));
            return changed;
        },
        cancellationToken);
}
