using System.Data.Common;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>Runs queries over devices and modules.</summary>
internal sealed class TwinQueries(Database database, QueryOptions options, TimeProvider time)
{
    private const int BatchRows = 200;

    internal Task<Result<QueryPage>> RunAsync(HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken) =>
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
        using var answer = new Answer();
        var left = from?.Left ?? query.Top ?? -1;
        var wanted = left < 0 ? pageItems : Math.Min(pageItems, left);
        var place = (from?.Device ?? "", from?.Module ?? "");
        while (true)
        {
            var batch = Math.Min(wanted - answer.Count + 1, BatchRows);
            var rows = await QueryRows.ReadAsync(connection, plan, hub, place, batch, time.GetUtcNow(), cancellationToken);
            foreach (var row in rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var document = plan.IsExact && query.Columns is null ? null : row.ToDocument();
                if (document is not null && !plan.IsExact && !query.Condition.IsTrue(new DocumentSubject(document.RootElement)))
                {
                    place = (row.Twin.DeviceId, row.Twin.ModuleId);
                    continue;
                }

                if (answer.Count == wanted || (answer.Count > 0 && answer.Length >= options.MaxPageBytes))
                {
                    return left == answer.Count
                        ? Page(query, answer, null)
                        : Page(query, answer, new Continuation(fingerprint, place.Item1, place.Item2, left < 0 ? -1 : left - answer.Count, 0));
                }

                Write(answer, query, row, document);
                place = (row.Twin.DeviceId, row.Twin.ModuleId);
            }

            if (rows.Count < batch)
            {
                return Page(query, answer, null);
            }
        }
    }

    private static void Write(Answer answer, Query query, QueryTwinRow row, System.Text.Json.JsonDocument? document)
    {
        if (query.Columns is { } columns)
        {
            var subject = new DocumentSubject(document!.RootElement);
            answer.WriteRow(columns.Select(column => (column.Name, column.Expression!.Evaluate(subject))));
            return;
        }

        row.WriteTo(answer.Writer);
        answer.Count++;
    }

    private async Task<Result<QueryPage>> AggregateAsync(
        DbConnection connection, QueryPlan plan, HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        var grouping = new Grouping(query, options.MaxGroups, options.MaxGroupCharacters);
        if (plan.IsExact && query.GroupBy.Count == 0 && query.Columns!.All(column => column.Kind == ColumnKind.Count))
        {
            grouping.AddRows(await QueryRows.CountAsync(connection, plan, hub, cancellationToken));
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
        return Page(query, answer, done < end && answer.Count > 0 ? new Continuation(fingerprint, "", "", -1, done) : null);
    }

    private async Task<bool> GroupAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, Grouping grouping, CancellationToken cancellationToken)
    {
        var place = ("", "");
        while (true)
        {
            var rows = await QueryRows.ReadAsync(connection, plan, hub, place, BatchRows, time.GetUtcNow(), cancellationToken);
            foreach (var row in rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var document = row.ToDocument();
                var subject = new DocumentSubject(document.RootElement);
                if ((plan.IsExact || query.Condition.IsTrue(subject)) && !grouping.TryAdd(subject))
                {
                    return false;
                }
            }

            if (rows.Count < BatchRows)
            {
                return true;
            }

            place = (rows[^1].Twin.DeviceId, rows[^1].Twin.ModuleId);
        }
    }

    private static QueryPage Page(Query query, Answer answer, Continuation? next) => new(query.Columns is null ? "Twin" : "Raw", answer.Complete(), next?.Encode());
}
