using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Keys;
using Gatehouse.Store;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>The five policies that every hub is born with.</summary>
/// <remarks>Source: IoT Hub "Control access with shared access signatures" page.</remarks>
public sealed class BuiltInPolicies
{
    internal const string OwnerName = "iothubowner";

    private readonly SecretVault vault;
    private readonly GenerationIds generations;
    private readonly TimeProvider time;

    internal BuiltInPolicies(SecretVault vault, GenerationIds generations, TimeProvider time)
    {
        this.vault = vault;
        this.generations = generations;
        this.time = time;
    }

    /// <summary>Names with their rights.</summary>
    public static IReadOnlyList<KeyValuePair<string, Rights>> All { get; } =
    [
        new(OwnerName, Rights.Owner),
        new("service", Rights.ServiceConnect),
        new("device", Rights.DeviceConnect),
        new("registryRead", Rights.RegistryRead),
        new("registryReadWrite", Rights.RegistryRead | Rights.RegistryWrite),
    ];

    internal async Task CreateAsync(WriteTransaction transaction, HubName hub, CancellationToken cancellationToken)
    {
        foreach (var (name, rights) in All)
        {
            await PolicyRows.InsertAsync(transaction, NewRow(hub, name, rights), cancellationToken);
            transaction.Audit(new AuditRecord
            {
                Hub = hub.Value,
                Actor = "server",
                Action = "policy.create",
                Subject = name,
                Detail = new System.Text.Json.Nodes.JsonObject { ["rights"] = rights == Rights.Owner ? "Owner" : rights.ToString() }.ToJsonString(),
            });
        }

        transaction.Signal(new Signal(SignalSubjects.PolicyChanged, hub.Value, ""));
    }

    private PolicyRow NewRow(HubName hub, string name, Rights rights)
    {
        var generation = generations.Next();
        var binding = KeyBinding.ForPolicy(hub, name, generation);
        var now = time.GetUtcNow().UtcTicks;
        return new PolicyRow
        {
            Hub = hub.Value,
            Name = name,
            GenerationId = generation,
            Rights = (long)rights,
            PrimaryKey = PolicyKeys.SealNew(vault, binding),
            SecondaryKey = PolicyKeys.SealNew(vault, binding),
            Created = now,
            Changed = now,
            PrimaryMade = now,
            SecondaryMade = now,
        };
    }
}
