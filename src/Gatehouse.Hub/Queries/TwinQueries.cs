using System.Data.Common;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>Runs queries over devices and modules.</summary>
internal sealed class TwinQueries(Database database, QueryOptions options, TimeProvider time)
{
    private const int BatchRows = 200;

    /// <summary>Rows of which only a few values are read, when memory must judge them.</summary>
    private const int BatchValues = 1000;

    internal Task<Result<QueryPage>> RunAsync(HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        var run = () => ReadAsync(hub, query, fingerprint, pageItems, from, cancellationToken);

        // A database in the process works on its caller's thread, for seconds if it must: not on one of the pool, which the devices need.
        return database.Dialect.Name == "sqlite"
            ? Task.Factory.StartNew(run, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap()
            : run();
    }

    private Task<Result<QueryPage>> ReadAsync(HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                var plan = await QueryRows.PlanAsync(connection, database.Dialect, hub, query, token);
                return query.IsAggregate
                    ? await AggregateAsync(connection, plan, hub, query, fingerprint, pageItems, from, token)
                    : await ListAsync(connection, plan, hub, query, fingerprint, pageItems, from, token);
            },
            cancellationToken);

    private async Task<Result<QueryPage>> ListAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        using var page = new ListPage(fingerprint, pageItems, options.MaxPageBytes, from, query.Top);
        while (!page.IsFull)
        {
            var isWhole = (plan.Values, query.Columns) switch
            {
                ({ } values, { } columns) => await FillWithValuesAsync(connection, plan, hub, query, values, columns, page, cancellationToken),
                ({ } values, null) when !plan.IsExact => await FillWithFoundAsync(connection, plan, hub, query, values, page, cancellationToken),
                _ => await FillWithDocumentsAsync(connection, plan, hub, query, page, cancellationToken),
            };
            if (isWhole)
            {
                break;
            }
        }

        return new QueryPage(query.Columns is null ? "Twin" : "Raw", page.Complete(), page.Continuation);
    }

    /// <summary>True when there are no more rows.</summary>
    private static async Task<bool> FillWithValuesAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, RowValues values, IReadOnlyList<Column> columns, ListPage page, CancellationToken cancellationToken)
    {
        var batch = plan.IsExact ? Math.Min(page.Left + 1, BatchValues) : BatchValues;
        var rows = await QueryRows.ReadValuesAsync(connection, plan, hub, page.Place, batch, cancellationToken);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            values.Current = row.Values;
            if (!plan.IsExact && !query.Condition.IsTrue(values))
            {
                page.Pass(row.Device, row.Module);
            }
            else if (page.TryTake(row.Device, row.Module))
            {
                page.Answer.WriteRow(columns.Select(column => (column.Name, column.Expression!.Evaluate(values))));
            }
            else
            {
                return false;
            }
        }

        return rows.Count < batch;
    }

    /// <summary>Whole twins, of which memory must judge: looks at what the condition names, and reads what was found.</summary>
    private async Task<bool> FillWithFoundAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, RowValues values, ListPage page, CancellationToken cancellationToken)
    {
        var found = new List<(string Device, string Module)>();
        var rows = await QueryRows.ReadValuesAsync(connection, plan, hub, page.Place, BatchValues, cancellationToken);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            values.Current = row.Values;
            if (query.Condition.IsTrue(values))
            {
                found.Add((row.Device, row.Module));
            }
        }

        foreach (var places in found.Chunk(BatchRows))
        {
            foreach (var row in await QueryRows.ReadAsync(connection, hub, places, time.GetUtcNow(), cancellationToken))
            {
                if (!page.TryTake(row.Twin.DeviceId, row.Twin.ModuleId))
                {
                    return false;
                }

                row.WriteTo(page.Answer);
            }
        }

        if (rows.Count > 0)
        {
            page.Pass(rows[^1].Device, rows[^1].Module);
        }

        return rows.Count < BatchValues;
    }

    private async Task<bool> FillWithDocumentsAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, ListPage page, CancellationToken cancellationToken)
    {
        var batch = Math.Min(page.Left + 1, BatchRows);
        var rows = await QueryRows.ReadAsync(connection, plan, hub, page.Place, batch, time.GetUtcNow(), cancellationToken);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var document = plan.IsExact && query.Columns is null ? null : row.ToDocument();
            var subject = document is null ? null : new DocumentSubject(document.RootElement);
            if (!plan.IsExact && !query.Condition.IsTrue(subject!))
            {
                page.Pass(row.Twin.DeviceId, row.Twin.ModuleId);
            }
            else if (!page.TryTake(row.Twin.DeviceId, row.Twin.ModuleId))
            {
                return false;
            }
            else if (query.Columns is { } columns)
            {
                page.Answer.WriteRow(columns.Select(column => (column.Name, column.Expression!.Evaluate(subject!))));
            }
            else
            {
                row.WriteTo(page.Answer);
            }
        }

        return rows.Count < batch;
    }

    private async Task<Result<QueryPage>> AggregateAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        var grouping = new Grouping(query, options.MaxGroups, options.MaxGroupCharacters);
        if (plan.IsExact && query.GroupBy.Count == 0 && query.Columns!.All(column => column.Kind == ColumnKind.Count))
        {
            grouping.AddRows(await CountAsync(connection, plan, hub, query, cancellationToken));
        }
        else if (!await GroupAsync(connection, plan, hub, query, grouping, cancellationToken))
        {
            return HubErrors.ArgumentInvalid.With($"The query makes more than {options.MaxGroups} groups, or their keys are longer than {options.MaxGroupCharacters} characters together.");
        }

        using var answer = new Answer();
        var done = from?.Groups ?? 0;
        var rows = grouping.Rows();
        var end = Math.Min(query.Top ?? int.MaxValue, rows.Count);
        foreach (var row in rows.Take(end).Skip(done).Take(pageItems))
        {
            answer.WriteRow(row);
        }

        done += answer.Count;
        return new QueryPage("Raw", answer.Complete(), done < end && answer.Count > 0 ? new Continuation(fingerprint, "", "", -1, done).Encode() : null);
    }

    private static async Task<long> CountAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, CancellationToken cancellationToken)
    {
        if (!plan.IsUnconditional)
        {
            return await QueryRows.CountAsync(connection, plan, hub, cancellationToken);
        }

        // Who counts everything need not count: the registry keeps the sums.
        var counts = await RegistryCounts.ReadAsync(connection, hub, cancellationToken) ?? new RegistryCounts();
        return query.Source == QuerySource.Modules ? counts.Modules : counts.Devices;
    }

    private async Task<bool> GroupAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, Grouping grouping, CancellationToken cancellationToken)
    {
        if (plan is { IsExact: true, Values: { } values })
        {
            return await QueryRows.ReadGroupsAsync(
                connection,
                plan,
                hub,
                (found, rows) =>
                {
                    values.Current = found;
                    return rows == 0 || grouping.TryAdd(values, rows);
                },
                cancellationToken);
        }

        var place = ("", "");
        while (true)
        {
            var isWhole = plan.Values is null
                ? await GroupDocumentsAsync(connection, plan, hub, query, grouping, place, cancellationToken)
                : await GroupValuesAsync(connection, plan, hub, query, plan.Values, grouping, place, cancellationToken);
            if (isWhole.Place is not { } next)
            {
                return isWhole.IsTaken;
            }

            place = next;
        }
    }

    private static async Task<((string Device, string Module)? Place, bool IsTaken)> GroupValuesAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, RowValues values, Grouping grouping, (string Device, string Module) place, CancellationToken cancellationToken)
    {
        var rows = await QueryRows.ReadValuesAsync(connection, plan, hub, place, BatchValues, cancellationToken);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            values.Current = row.Values;
            if (query.Condition.IsTrue(values) && !grouping.TryAdd(values))
            {
                return (null, false);
            }
        }

        return (rows.Count < BatchValues ? null : (rows[^1].Device, rows[^1].Module), true);
    }

    private async Task<((string Device, string Module)? Place, bool IsTaken)> GroupDocumentsAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, Grouping grouping, (string Device, string Module) place, CancellationToken cancellationToken)
    {
        var rows = await QueryRows.ReadAsync(connection, plan, hub, place, BatchRows, time.GetUtcNow(), cancellationToken);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var document = row.ToDocument();
            var subject = new DocumentSubject(document.RootElement);
            if ((plan.IsExact || query.Condition.IsTrue(subject)) && !grouping.TryAdd(subject))
            {
                return (null, false);
            }
        }

        return (rows.Count < BatchRows ? null : (rows[^1].Twin.DeviceId, rows[^1].Twin.ModuleId), true);
    }
}
