using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>Counts what the metrics of configurations ask for, and keeps it with them.</summary>
internal sealed class ConfigurationMetrics(Database database, Queries.Queries queries, ConfigurationOptions options, TimeProvider time, ILogger<ConfigurationMetrics> log)
{
    /// <summary>Whether the results are older than this.</summary>
    internal bool AreOlder(ConfigurationRow row, TimeSpan age) => row.Measured <= (time.GetUtcNow() - age).UtcTicks;

    /// <summary>Ids of configurations whose results are older than <see cref="ConfigurationOptions.MetricsInterval"/>.</summary>
    internal Task<IReadOnlyList<string>> FindDueAsync(HubName hub, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => ConfigurationRows.FindDueAsync(connection, hub, (time.GetUtcNow() - options.MetricsInterval).UtcTicks, token), cancellationToken);

    internal async Task MeasureAsync(HubName hub, string id, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, token) => ConfigurationRows.FindAsync(connection, null, hub, id, token), cancellationToken) is { } row)
        {
            await MeasureAsync(hub, row, cancellationToken);
        }
    }

    /// <summary>The row with new results. A metric that cannot be counted keeps its last result.</summary>
    internal async Task<ConfigurationRow> MeasureAsync(HubName hub, ConfigurationRow row, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var results = TwinText.Read(row.Results);
        var (targeted, applied) = await database.ReadAsync((connection, token) => TargetRows.CountAsync(connection, hub, row.Id, token), cancellationToken);
        results[ConfigurationResults.System] = results[ConfigurationResults.System] as JsonObject ?? [];
        results[ConfigurationResults.Custom] = results[ConfigurationResults.Custom] as JsonObject ?? [];
        results[ConfigurationResults.System]![SystemMetrics.Targeted] = targeted;
        results[ConfigurationResults.System]![SystemMetrics.Applied] = applied;
        foreach (var (name, query) in SystemMetrics.Counted(row))
        {
            await CountAsync(hub, row, name, query, results[ConfigurationResults.System]!, cancellationToken);
        }

        foreach (var (name, query) in TwinText.Read(row.Metrics))
        {
            await CountAsync(hub, row, name, (string)query!, results[ConfigurationResults.Custom]!, cancellationToken);
        }

        row = row with { Results = results.ToJsonString(), Measured = now };
        await database.WriteAsync<bool>(
            async (write, token) =>
            {
                await ConfigurationRows.MeasureAsync(write, row, row.Results, row.Measured, token);
                return true;
            },
            cancellationToken);
        return row;
    }

    private async Task CountAsync(HubName hub, ConfigurationRow row, string name, string query, JsonNode results, CancellationToken cancellationToken)
    {
        var counted = await queries.CountAsync(hub, query, cancellationToken);
        if (counted.IsOk)
        {
            results[name] = counted.Value;
        }
        else
        {
            log.ConfigurationMetricFailed(row.Id, name, counted.Error.Message);
        }
    }
}
