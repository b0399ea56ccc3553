using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>What rules need on every node.</summary>
/// <param name="Database">Where they are.</param>
/// <param name="Ages">How old keys are.</param>
/// <param name="Hubs">Makes plans for what hubs keep.</param>
/// <param name="Others">And for what others keep.</param>
/// <param name="Devices">Which devices are next.</param>
/// <param name="Metrics">What is told of them.</param>
internal sealed record RuleParts(Database Database, AgedKinds Ages, Rotations Hubs, Rotations Others, DeviceRule Devices, RuleMetrics Metrics)
{
    private const int Batch = 1_000;

    /// <summary>Who makes the plans of a rule, for the audit log.</summary>
    internal static string ActorOf(RuleRow rule) => $"{rule.Actor}/rule:{rule.Kind}";

    internal Rotations PlansOf(string kind) => Hubs.HasKind(kind) ? Hubs : Others;

    internal Task NoteTriesAsync(IReadOnlyList<TryRow> rows, CancellationToken cancellationToken) => Database.WriteAsync<bool>(
        async (write, cancel) =>
        {
            await TryRows.AddAsync(write, rows, cancel);
            return true;
        },
        cancellationToken);

    /// <summary>Keys of which no other time is known were made now.</summary>
    internal async Task NoteFirstSeenAsync(IAgedKeys keys, HubName tenant, long now, CancellationToken cancellationToken)
    {
        for (var noted = Batch; noted == Batch;)
        {
            noted = (await Database.WriteAsync<int>(async (write, cancel) => await keys.NoteFirstSeenAsync(write, tenant, now, Batch, cancel), cancellationToken)).Value;
        }
    }
}
