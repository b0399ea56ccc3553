using System.Collections.Concurrent;
using System.Data.Common;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>Evaluates devices and modules and writes what comes of it. Any node may do it at any time: it reads everything under the locks of the twins that it writes.</summary>
internal sealed class ConfigurationApplier(
    Database database, ConfigurationSets sets, TwinWriter writer, DeployedModules deployed, TwinOptions options, ILogger<ConfigurationApplier> log)
{
    private const int MaxAttempts = 5;

    // One log line for each configuration, until it is another.
    private readonly ConcurrentDictionary<(HubName, string), long> reported = new();

    /// <summary>Writes of this node that its observer need not look at.</summary>
    internal OwnWrites Own { get; } = new();

    /// <summary>Evaluates them all in one transaction, or in none when nothing is to be changed. Returns how many twins were written.</summary>
    internal async Task<int> ApplyAsync(HubName hub, IReadOnlyCollection<IdentityKey> units, CancellationToken cancellationToken)
    {
        try
        {
            return await ApplyAtOnceAsync(hub, units, cancellationToken);
        }
        catch (Exception error) when (error is not (DbException or StoreException or OperationCanceledException))
        {
            return await ApplyOneByOneAsync(hub, units, error, cancellationToken);
        }
    }

    // A twin that this code cannot bear must not keep all others from what they are to get.
    private async Task<int> ApplyOneByOneAsync(HubName hub, IReadOnlyCollection<IdentityKey> units, Exception error, CancellationToken cancellationToken)
    {
        if (units.Count == 1)
        {
            log.TwinNotEvaluated(units.First().ToString(), error);
            return 0;
        }

        var written = 0;
        foreach (var unit in units)
        {
            written += await ApplyAsync(hub, [unit], cancellationToken);
        }

        return written;
    }

    private async Task<int> ApplyAtOnceAsync(HubName hub, IReadOnlyCollection<IdentityKey> units, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var set = await sets.GetAsync(hub, cancellationToken);
            var plans = await database.ReadAsync((connection, token) => EvaluateAsync(connection, null, set, hub, units, token), cancellationToken);
            if (await deployed.MakeAsync(hub, plans, cancellationToken))
            {
                plans = await database.ReadAsync((connection, token) => EvaluateAsync(connection, null, set, hub, units, token), cancellationToken);
            }

            Report(hub, set, plans);
            var changed = plans.Where(plan => !plan.Value.IsEmpty).Select(plan => plan.Key).ToList();
            if (changed.Count == 0)
            {
                return 0;
            }

            try
            {
                var written = await Own.RunAsync(own => database.WriteAsync((transaction, token) => WriteAsync(transaction, own, set.Revision, hub, changed, token), cancellationToken));
                if (written.IsOk)
                {
                    return written.Value;
                }
            }
            catch (DbException error) when (error.IsTransient && attempt < MaxAttempts)
            {
                // Such as a deadlock with a writer that takes the rows in another order.
            }
        }
    }

    private async Task<Dictionary<IdentityKey, UnitPlan>> EvaluateAsync(
        DbConnection connection, DbTransaction? transaction, ConfigurationSet set, HubName hub, IReadOnlyCollection<IdentityKey> units, CancellationToken cancellationToken)
    {
        var plans = new Dictionary<IdentityKey, UnitPlan>();
        var devices = units.Select(unit => unit.Device.Value).Distinct(StringComparer.Ordinal).ToList();
        var known = (await TargetRows.ReadAsync(connection, transaction, database.Dialect, hub, devices, cancellationToken)).ToLookup(row => TargetRows.KeyOf(row.DeviceId, row.ModuleId));
        var withModules = units.Where(unit => unit.IsModule).Select(unit => unit.Device.Value).ToHashSet(StringComparer.Ordinal);
        var twins = (await TargetRows.ReadTwinsAsync(connection, transaction, database.Dialect, hub, devices, areModules: false, cancellationToken)).ToDictionary(row => row.Key);
        withModules.UnionWith(twins.Values.Where(row => row.IsEdge != 0 && (set.Has(ContentKind.Edge) || known[row.Key].Any())).Select(row => row.DeviceId));
        if (withModules.Count > 0)
        {
            foreach (var module in await TargetRows.ReadTwinsAsync(connection, transaction, database.Dialect, hub, [.. withModules], areModules: true, cancellationToken))
            {
                twins.Add(module.Key, module);
            }
        }

        var modules = twins.Values.Where(row => row.ModuleId.Length > 0).ToLookup(row => row.DeviceId, StringComparer.Ordinal);
        foreach (var unit in units)
        {
            if (twins.TryGetValue(unit, out var twin))
            {
                var parts = unit.IsModule || twin.IsEdge == 0 ? [] : modules[twin.DeviceId].ToDictionary(row => row.ModuleId, StringComparer.Ordinal);
                plans[unit] = UnitEvaluation.Evaluate(set, twin, parts, [.. known[unit]], options);
            }
        }

        return plans;
    }

    private async Task<Result<int>> WriteAsync(WriteTransaction transaction, OwnWrites.Scope own, long revision, HubName hub, IReadOnlyCollection<IdentityKey> units, CancellationToken cancellationToken)
    {
        await TwinRows.LockAllAsync(transaction, database.Dialect, hub, [.. units.Select(unit => unit.Device.Value).Distinct(StringComparer.Ordinal)], cancellationToken);

        // Under the locks: who changes configurations now evaluates these twins after us.
        if (await ConfigurationRows.ReadRevisionAsync(transaction.Connection, transaction.Transaction, hub, cancellationToken) != revision)
        {
            return HubErrors.PreconditionFailed;
        }

        var written = 0;
        var set = sets.Peek(hub);
        if (set.Revision != revision)
        {
            return HubErrors.PreconditionFailed;
        }

        foreach (var plan in (await EvaluateAsync(transaction.Connection, transaction.Transaction, set, hub, units, cancellationToken)).Values)
        {
            foreach (var twin in plan.Twins)
            {
                await WriteAsync(transaction, own, twin, cancellationToken);
                written++;
            }

            foreach (var row in plan.Saved)
            {
                await TargetRows.SaveAsync(transaction, hub, row, cancellationToken);
            }

            foreach (var row in plan.Deleted)
            {
                await TargetRows.DeleteAsync(transaction, hub, row, cancellationToken);
            }
        }

        return written;
    }

    private async Task WriteAsync(WriteTransaction transaction, OwnWrites.Scope own, TwinPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Patch is { } patch)
        {
            own.Add(plan.Row, plan.Row.Version + 1);
            await writer.ConfigureAsync(transaction, plan.Row, patch, cancellationToken);
        }

        if (plan.Configurations is { } configurations)
        {
            await TargetRows.SetConfigurationsAsync(transaction, database.Dialect, plan.Row, configurations, cancellationToken);
        }
    }

    private void Report(HubName hub, ConfigurationSet set, Dictionary<IdentityKey, UnitPlan> plans)
    {
        foreach (var (unit, plan) in plans)
        {
            foreach (var id in plan.Refused)
            {
                var told = set.All.First(each => each.Id == id).Created;
                if (!reported.TryGetValue((hub, id), out var before) || before != told)
                {
                    reported[(hub, id)] = told;
                    log.ConfigurationNotApplied(id, unit.ToString());
                }
            }
        }
    }
}
