using System.Data.Common;
using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>Runs queries over what jobs did on devices, in the order of job, device and module. A job, a device or a state that the condition names leads to its rows; memory judges the rest.</summary>
internal sealed class DeviceJobQueries(Database database, QueryOptions options)
{
    private const int BatchRows = 200;

    internal Task<Result<QueryPage>> RunAsync(HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken) =>
        database.ReadAsync(async (connection, token) => Result<QueryPage>.Of(await ListAsync(connection, hub, query, fingerprint, pageItems, from, token)), cancellationToken);

    private async Task<QueryPage> ListAsync(DbConnection connection, HubName hub, Query query, string fingerprint, int pageItems, Continuation? from, CancellationToken cancellationToken)
    {
        using var answer = new Answer();
        var left = from?.Left ?? query.Top ?? -1;
        var wanted = left < 0 ? pageItems : Math.Min(pageItems, left);
        var place = from is null ? new Place("", "", "") : Place.Read(from);
        while (true)
        {
            var rows = await ReadAsync(connection, hub, query, place, cancellationToken);
            foreach (var row in rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var json = DeviceJobDocument.Write(row);
                using var document = JsonDocument.Parse(json);
                if (query.Condition.IsTrue(new DocumentSubject(document.RootElement)))
                {
                    if (answer.Count == wanted || (answer.Count > 0 && answer.Length >= options.MaxPageBytes))
                    {
                        return new QueryPage("DeviceJob", answer.Complete(), left == answer.Count ? null : place.Next(fingerprint, left < 0 ? -1 : left - answer.Count).Encode());
                    }

                    answer.Writer.WriteRawValue(json.Span, skipInputValidation: true);
                    answer.Count++;
                }

                place = new Place(row.JobId, row.DeviceId, row.ModuleId);
            }

            if (rows.Count < BatchRows)
            {
                return new QueryPage("DeviceJob", answer.Complete(), null);
            }
        }
    }

    private static async Task<List<DeviceJobRow>> ReadAsync(DbConnection connection, HubName hub, Query query, Place after, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Text.Append($"SELECT {DeviceJobRows.Columns}, j.job_type AS JobType FROM job_devices d JOIN jobs j ON j.hub = d.hub AND j.job_id = d.job_id WHERE d.hub = {sql.Add(hub.Value)}");
        foreach (var (column, value) in Equalities(query.Condition.Expression).DistinctBy(each => each.Column))
        {
            sql.Text.Append($" AND {column} = {sql.Add(value)}");
        }

        sql.Text.Append($" AND (d.job_id, d.device_id, d.module_id) > ({sql.Add(after.JobId)}, {sql.Add(after.DeviceId)}, {sql.Add(after.ModuleId)})");
        sql.Text.Append($" ORDER BY d.job_id, d.device_id, d.module_id LIMIT {sql.Add(BatchRows)}");
        return (await connection.QueryAsync<DeviceJobRow>(new CommandDefinition(sql.Text.ToString(), sql.Parameters, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Columns that a part of a top-level AND (or the whole condition) compares with one text.</summary>
    private static IEnumerable<(string Column, string Value)> Equalities(Expression expression) => expression switch
    {
        Junction { IsAnd: true } junction => junction.Parts.SelectMany(Equalities),
        Comparison { Operator: ComparisonOperator.Equal, Left: PathExpression path, Right: Constant constant } => Equality(path, constant.Value),
        Comparison { Operator: ComparisonOperator.Equal, Left: Constant constant, Right: PathExpression path } => Equality(path, constant.Value),
        _ => [],
    };

    private static IEnumerable<(string Column, string Value)> Equality(PathExpression path, Value value)
    {
        var column = path.Steps is [{ Name: { } name }] ? name switch { "deviceId" => "d.device_id", "jobId" => "d.job_id", "status" => "d.status", "jobType" => "j.job_type", _ => null } : null;

        // PostgreSQL stores no NUL and takes none as a parameter; memory finds nothing either.
        return column is not null && value.Kind == ValueKind.Text && !value.Text.Span.Contains((byte)0) ? [(column, value.TextString)] : [];
    }

    /// <summary>The row after which to go on.</summary>
    private sealed record Place(string JobId, string DeviceId, string ModuleId)
    {
        // No id holds a slash.
        internal static Place Read(Continuation from)
        {
            var slash = from.Module.IndexOf('/', StringComparison.Ordinal);
            return slash < 0 ? new Place(from.Device, from.Module, "") : new Place(from.Device, from.Module[..slash], from.Module[(slash + 1)..]);
        }

        internal Continuation Next(string fingerprint, int left) => new(fingerprint, JobId, ModuleId.Length == 0 ? DeviceId : $"{DeviceId}/{ModuleId}", left, 0);
    }
}
