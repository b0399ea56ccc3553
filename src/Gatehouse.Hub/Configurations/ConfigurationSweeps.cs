using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>Goes page by page through the twins that a changed configuration concerns: those that it targets, then those that its condition finds. Each page is durable.</summary>
internal sealed class ConfigurationSweeps(Database database, ConfigurationSets sets, ConfigurationApplier applier, ConfigurationOptions options, TimeProvider time, ILogger<ConfigurationSweeps> log)
{
    private readonly Dictionary<(HubName, string), (long Number, long Twins, long Changed)> progress = [];

    internal Task<IReadOnlyList<Sweep>> ReadAsync(HubName hub, CancellationToken cancellationToken) => database.ReadAsync((connection, token) => SweepRows.ReadAsync(connection, hub, token), cancellationToken);

    /// <summary>One page.</summary>
    internal async Task StepAsync(HubName hub, Sweep sweep, CancellationToken cancellationToken)
    {
        var units = sweep.Phase == Sweep.Targets ? await FindTargetsAsync(hub, sweep, cancellationToken) : await FindMatchesAsync(hub, sweep, cancellationToken);
        var changed = units.Count == 0 ? 0 : await applier.ApplyAsync(hub, units, cancellationToken);
        var before = progress.GetValueOrDefault((hub, sweep.ConfigurationId));
        before = before.Number == sweep.Number ? before : default;
        progress[(hub, sweep.ConfigurationId)] = (sweep.Number, before.Twins + units.Count, before.Changed + changed);
        if (units.Count == options.BatchTwins)
        {
            await WriteAsync((write, token) => SweepRows.AdvanceAsync(write, hub, sweep with { DeviceId = units[^1].Device.Value, ModuleId = units[^1].Module?.Value ?? "" }, token), cancellationToken);
        }
        else if (sweep.Phase == Sweep.Targets)
        {
            await WriteAsync((write, token) => SweepRows.AdvanceAsync(write, hub, sweep with { Phase = Sweep.Matches, DeviceId = "", ModuleId = "" }, token), cancellationToken);
        }
        else
        {
            await WriteAsync((write, token) => EndAsync(write, hub, sweep, token), cancellationToken);
            progress.Remove((hub, sweep.ConfigurationId), out var done);
            log.ConfigurationSwept(sweep.ConfigurationId, done.Twins, done.Changed);
        }
    }

    /// <summary>Begins a sweep of every configuration.</summary>
    internal Task BeginAllAsync(HubName hub, Func<WriteTransaction, CancellationToken, Task> within, CancellationToken cancellationToken) => WriteAsync(
        async (write, token) =>
        {
            await within(write, token);
            await SweepRows.BeginAllAsync(write, hub, await ConfigurationRows.NextRevisionAsync(write, hub, token), token);
        },
        cancellationToken);

    private static async Task EndAsync(WriteTransaction write, HubName hub, Sweep sweep, CancellationToken cancellationToken)
    {
        await SweepRows.EndAsync(write, hub, sweep, cancellationToken);
        await ConfigurationRows.ForgetResultsAsync(write, hub, sweep.ConfigurationId, cancellationToken);
    }

    private Task<IReadOnlyList<IdentityKey>> FindTargetsAsync(HubName hub, Sweep sweep, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => TargetRows.PageAsync(connection, hub, sweep.ConfigurationId, sweep.DeviceId, sweep.ModuleId, options.BatchTwins, token), cancellationToken);

    private async Task<IReadOnlyList<IdentityKey>> FindMatchesAsync(HubName hub, Sweep sweep, CancellationToken cancellationToken)
    {
        var set = await sets.GetAsync(hub, cancellationToken);
        if (set.All.FirstOrDefault(each => each.Id == sweep.ConfigurationId)?.Target is not { } target)
        {
            return [];
        }

        var query = new Query { Source = target.Source, Condition = target.Condition };
        var rows = await database.ReadAsync(
            async (connection, token) =>
            {
                var plan = await QueryRows.PlanAsync(connection, database.Dialect, hub, query, token);
                return await QueryRows.ReadAsync(connection, plan, hub, (sweep.DeviceId, sweep.ModuleId), options.BatchTwins, time.GetUtcNow(), token);
            },
            cancellationToken);
        return [.. rows.Select(row => row.Twin.Key)];
    }

    private Task<Result<bool>> WriteAsync(Func<WriteTransaction, CancellationToken, Task> write, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (transaction, token) =>
        {
            await write(transaction, token);
            return true;
        },
        cancellationToken);
}
