using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Configurations;

/// <summary>Automatic device management: what back ends want of all twins that meet a condition. Each change is one transaction with its audit record, and with the sweep that brings it to the twins.</summary>
public sealed class Configurations
{
    private readonly Database database;
    private readonly ConfigurationMetrics metrics;
    private readonly TwinOptions twins;
    private readonly ConfigurationOptions options;
    private readonly TimeProvider time;

    internal Configurations(Database database, ConfigurationMetrics metrics, TwinOptions twins, ConfigurationOptions options, TimeProvider time) =>
        (this.database, this.metrics, this.twins, this.options, this.time) = (database, metrics, twins, options, time);

    /// <summary>With its metrics as of a few seconds ago at most. ConfigurationNotFound.</summary>
    public async Task<Result<Configuration>> GetAsync(HubName hub, string id, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, token) => ConfigurationRows.FindAsync(connection, null, hub, id, token), cancellationToken) is not { } row)
        {
            return HubErrors.ConfigurationNotFound;
        }

        return Configuration.Of(metrics.AreOlder(row, options.MetricsMaxAge) ? await metrics.MeasureAsync(hub, row, cancellationToken) : row);
    }

    /// <summary>In the order of their ids, with their metrics as they were last counted.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="top">Most wanted; null and anything outside 1 to the limit behave as the limit.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<Configuration>> ListAsync(HubName hub, int? top, CancellationToken cancellationToken)
    {
        var most = top >= 1 && top <= options.MaxConfigurations ? top.Value : options.MaxConfigurations;
        var rows = await database.ReadAsync((connection, token) => ConfigurationRows.ListAsync(connection, hub, most, token), cancellationToken);
        return [.. rows.Select(Configuration.Of)];
    }

    /// <summary>Creates without If-Match, updates with it: labels, priority, target condition and metrics. The content stays as it was made, whatever an update says.</summary>
    /// <remarks>ArgumentInvalid, InvalidConfigurationContent, InvalidConfigurationTargetCondition, InvalidConfigurationCustomMetricsQuery, ConfigurationAlreadyExists, ConfigurationNotFound, PreconditionFailed, IotHubQuotaExceeded.</remarks>
    public async Task<Result<Saved<Configuration>>> PutAsync(HubName hub, string actor, string id, ConfigurationInput input, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var kind = Check(id, input);
        if (!kind.IsOk)
        {
            return kind.Error;
        }

        var isNew = false;
        var saved = await database.WriteAsync<ConfigurationRow>(
            async (write, token) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, token) is { } missing)
                {
                    return missing;
                }

                var present = await ConfigurationRows.FindAsync(write.Connection, write.Transaction, hub, id, token);
                isNew = present is null;
                return present is null
                    ? await CreateAsync(write, hub, actor, id, input, kind.Value, ifMatch, token)
                    : await UpdateAsync(write, hub, actor, present, input, ifMatch, token);
            },
            cancellationToken);
        return saved.IsOk ? new Saved<Configuration>(Configuration.Of(saved.Value), isNew) : saved.Error;
    }

    /// <summary>What it set is taken back within seconds. ConfigurationNotFound, PreconditionFailed.</summary>
    public async Task<Result<bool>> DeleteAsync(HubName hub, string actor, string id, IfMatch ifMatch, CancellationToken cancellationToken) => await database.WriteAsync<bool>(
        async (write, token) =>
        {
            if (await HubLock.TakeAsync(write, database.Dialect, hub, token) is { } missing)
            {
                return missing;
            }

            if (await ConfigurationRows.FindAsync(write.Connection, write.Transaction, hub, id, token) is not { } present)
            {
                return HubErrors.ConfigurationNotFound;
            }

            if (ifMatch.Kind == IfMatchKind.Version && ifMatch.ETag != ETags.Format(present.Etag))
            {
                return HubErrors.PreconditionFailed;
            }

            await ConfigurationRows.DeleteAsync(write, hub, id, token);
            await ChangedAsync(write, hub, id, token);
            Record(write, hub, actor, "configuration.delete", id, null);
            return true;
        },
        cancellationToken);

    /// <summary>Says of a target condition and of metrics whether they would be taken.</summary>
    /// <param name="targetCondition">Null for none.</param>
    /// <param name="queries">By name.</param>
    public static ConfigurationTest Test(string? targetCondition, IReadOnlyDictionary<string, string> queries)
    {
        var text = targetCondition ?? "";
        var kind = text.TrimStart().StartsWith("FROM", StringComparison.OrdinalIgnoreCase) ? ContentKind.Module : ContentKind.Device;
        var faults = queries.Select(query => (query.Key, Fault: ConfigurationRules.CheckMetric(query.Value))).Where(query => query.Fault is not null);
        return new ConfigurationTest(ConfigurationTarget.Read(text, kind).Error?.Message, faults.ToDictionary(query => query.Key, query => query.Fault!));
    }

    /// <summary>Creates it, or updates the one of its id if that has this version; in a transaction that holds the hub. Null when it is done; else why not, and nothing is written.</summary>
    internal async Task<HubError?> ImportAsync(WriteTransaction write, HubName hub, string actor, ConfigurationInput input, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var id = input.Id ?? "";
        var kind = Check(id, input);
        if (!kind.IsOk)
        {
            return kind.Error;
        }

        var present = await ConfigurationRows.FindAsync(write.Connection, write.Transaction, hub, id, cancellationToken);
        var saved = present is null
            ? await CreateAsync(write, hub, actor, id, input, kind.Value, IfMatch.Absent, cancellationToken)
            : await UpdateAsync(write, hub, actor, present, input, ifMatch, cancellationToken);
        return saved.Error;
    }

    private Result<ContentKind> Check(string id, ConfigurationInput input)
    {
        if ((ConfigurationRules.CheckId(id) ?? ConfigurationRules.CheckLabels(input.Labels, options) ?? ConfigurationRules.CheckMetrics(input.Metrics, options)) is { } refused)
        {
            return refused;
        }

        if (input.Content is null)
        {
            return HubErrors.InvalidConfigurationContent.With("The content is missing.");
        }

        var content = ConfigurationContent.Read(input.Content, twins, options);
        return content.IsOk ? content.Value.Kind : content.Error;
    }

    private async Task<Result<ConfigurationRow>> CreateAsync(
        WriteTransaction write, HubName hub, string actor, string id, ConfigurationInput input, ContentKind kind, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        if (ifMatch.Kind != IfMatchKind.Absent)
        {
            return HubErrors.ConfigurationNotFound;
        }

        if (ConfigurationTarget.Read(input.TargetCondition, kind).Error is { } invalid)
        {
            return invalid;
        }

        if (await ConfigurationRows.CountAsync(write, hub, cancellationToken) >= options.MaxConfigurations)
        {
            return HubErrors.IotHubQuotaExceeded.With($"The hub has {options.MaxConfigurations} configurations, the most it may have.");
        }

        var now = time.GetUtcNow().UtcTicks;
        var row = Describe(
            new ConfigurationRow { Hub = hub.Value, Id = id, Etag = ETags.First(), Content = Encoding.UTF8.GetString(TwinText.Write(input.Content!)), Created = now, Updated = now }, input);
        await ConfigurationRows.InsertAsync(write, row, cancellationToken);
        await ChangedAsync(write, hub, id, cancellationToken);
        Record(write, hub, actor, "configuration.create", id, Detail(row));
        return row;
    }

    private async Task<Result<ConfigurationRow>> UpdateAsync(
        WriteTransaction write, HubName hub, string actor, ConfigurationRow present, ConfigurationInput input, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        if (ifMatch.Kind == IfMatchKind.Absent)
        {
            return HubErrors.ConfigurationAlreadyExists;
        }

        if (ifMatch.Kind == IfMatchKind.Version && ifMatch.ETag != ETags.Format(present.Etag))
        {
            return HubErrors.PreconditionFailed;
        }

        if (ConfigurationTarget.Read(input.TargetCondition, Configuration.KindOf(present.Content)).Error is { } invalid)
        {
            return invalid;
        }

        var row = Describe(present with { Etag = present.Etag + 1, Updated = time.GetUtcNow().UtcTicks }, input);
        row = row.Metrics == present.Metrics ? row : row with { Measured = 0, Results = "{}" };
        await ConfigurationRows.UpdateAsync(write, row, cancellationToken);
        if (row.TargetCondition != present.TargetCondition || row.Priority != present.Priority)
        {
            await ChangedAsync(write, hub, row.Id, cancellationToken);
        }

        Record(write, hub, actor, "configuration.update", row.Id, Detail(row));
        return row;
    }

    private static ConfigurationRow Describe(ConfigurationRow row, ConfigurationInput input) => row with
    {
        Priority = input.Priority,
        TargetCondition = input.TargetCondition,
        Labels = Encoding.UTF8.GetString(TwinText.Write(input.Labels)),
        Metrics = Encoding.UTF8.GetString(TwinText.Write(input.Metrics)),
    };

    private static async Task ChangedAsync(WriteTransaction write, HubName hub, string id, CancellationToken cancellationToken)
    {
        await SweepRows.BeginAsync(write, hub, id, await ConfigurationRows.NextRevisionAsync(write, hub, cancellationToken), cancellationToken);
        write.Signal(new Signal(SignalSubjects.ConfigurationsChanged, hub.Value, id));
    }

    private static JsonObject Detail(ConfigurationRow row) => new() { ["priority"] = row.Priority, ["targetCondition"] = row.TargetCondition };

    private static void Record(WriteTransaction write, HubName hub, string actor, string action, string id, JsonObject? detail) =>
        write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = action, Subject = id, Detail = detail?.ToJsonString() });
}
