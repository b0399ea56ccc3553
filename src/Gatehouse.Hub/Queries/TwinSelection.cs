using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>Names the devices or modules that a query finds, piece by piece; for work that goes through all of them.</summary>
internal sealed class TwinSelection(Database database, TimeProvider time)
{
    /// <summary>What comes after a place, at most so many rows looked at.</summary>
    internal Task<SelectedTwins> ReadAsync(HubName hub, Query query, (string Device, string Module) after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var plan = await QueryRows.PlanAsync(connection, database.Dialect, hub, query, token);
            return plan.IsExact ? await ReadKeysAsync(connection, plan, hub, after, limit, token) : await JudgeAsync(connection, plan, hub, query, after, limit, token);
        },
        cancellationToken);

    private static async Task<SelectedTwins> ReadKeysAsync(DbConnection connection, QueryPlan plan, HubName hub, (string Device, string Module) after, int limit, CancellationToken cancellationToken)
    {
        var (sql, text) = plan.Keys(hub.Value, after.Device, after.Module, limit);
        var found = (await connection.QueryAsync<SelectedTwin>(new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken))).AsList();
        return new SelectedTwins(found, found.Count == 0 ? after : (found[^1].DeviceId, found[^1].ModuleId), found.Count < limit);
    }

    private async Task<SelectedTwins> JudgeAsync(DbConnection connection, QueryPlan plan, HubName hub, Query query, (string Device, string Module) after, int limit, CancellationToken cancellationToken)
    {
        var rows = await QueryRows.ReadAsync(connection, plan, hub, after, limit, time.GetUtcNow(), cancellationToken);
        var found = new List<SelectedTwin>();
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var document = row.ToDocument();
            if (query.Condition.IsTrue(new DocumentSubject(document.RootElement)))
            {
                found.Add(new SelectedTwin { DeviceId = row.Twin.DeviceId, ModuleId = row.Twin.ModuleId, GenerationId = row.Twin.GenerationId });
            }
        }

        return new SelectedTwins(found, rows.Count == 0 ? after : (rows[^1].Twin.DeviceId, rows[^1].Twin.ModuleId), rows.Count < limit);
    }
}

/// <param name="Found">In the order of device and module.</param>
/// <param name="Last">Where to go on.</param>
/// <param name="IsEnd">Whether nothing follows.</param>
internal sealed record SelectedTwins(IReadOnlyList<SelectedTwin> Found, (string Device, string Module) Last, bool IsEnd);

/// <summary>A device or module that a query found.</summary>
internal sealed record SelectedTwin
{
    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";
}
