using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Configurations;

/// <summary>Writes the content of a configuration to one device at once, as a back end asks: no condition, no priority, nothing to take back.</summary>
public sealed class ContentApplication
{
    private const int MaxBodyDepth = 64;

    private readonly Database database;
    private readonly TwinWriter writer;
    private readonly DeployedModules modules;
    private readonly TwinOptions twins;
    private readonly ConfigurationOptions options;
    private readonly ConcurrentDictionary<(HubName, DeviceId), byte> running = new();

    internal ContentApplication(Database database, TwinWriter writer, DeployedModules modules, TwinOptions twins, ConfigurationOptions options) =>
        (this.database, this.writer, this.modules, this.twins, this.options) = (database, writer, modules, twins, options);

    /// <summary>All twins in one transaction. Modules that are not there are made first.</summary>
    /// <remarks>InvalidConfigurationContent, DeviceNotFound, ArgumentInvalid (no Edge device), MessageTooLarge, TooManyModulesOnDevice, ApplyConfigurationAlreadyInProgressOnDevice.</remarks>
    /// <param name="hub">Hub.</param>
    /// <param name="actor">Who, for the audit records.</param>
    /// <param name="device">Whose twin, or whose modules' twins.</param>
    /// <param name="json"><c>{"modulesContent":{…}}</c> or <c>{"deviceContent":{…}}</c>, UTF-8.</param>
    /// <param name="cancellationToken">Ends the write before its commit.</param>
    public async Task<Result<bool>> ApplyAsync(HubName hub, string actor, DeviceId device, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var body = SoundJson.Parse(json.Span, MaxBodyDepth);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var content = ConfigurationContent.Read(body.Value["content"] as JsonObject ?? body.Value, twins, options);
        if (!content.IsOk)
        {
            return content.Error;
        }

        if (content.Value.Kind == ContentKind.Module)
        {
            return HubErrors.InvalidConfigurationContent.With("Content of modules is applied to a device as modulesContent.");
        }

        if (!running.TryAdd((hub, device), 0))
        {
            return HubErrors.ApplyConfigurationAlreadyInProgressOnDevice;
        }

        try
        {
            return await ApplyAsync(hub, actor, device, content.Value, cancellationToken);
        }
        finally
        {
            running.TryRemove((hub, device), out _);
        }
    }

    private async Task<Result<bool>> ApplyAsync(HubName hub, string actor, DeviceId device, ConfigurationContent content, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(
            async (connection, token) => (Device: await TargetRows.ReadTwinsAsync(connection, null, database.Dialect, hub, [device.Value], areModules: false, token),
                Modules: await TargetRows.ReadTwinsAsync(connection, null, database.Dialect, hub, [device.Value], areModules: true, token)),
            cancellationToken);
        if (found.Device.Count == 0)
        {
            return HubErrors.DeviceNotFound;
        }

        if (content.Kind == ContentKind.Edge)
        {
            if (found.Device[0].IsEdge == 0)
            {
                return HubErrors.ArgumentInvalid.With("Not an Azure IoT Edge device.");
            }

            var missing = content.Modules.Except(found.Modules.Select(module => module.ModuleId), StringComparer.Ordinal).ToList();
            if (missing.Count > 0 && (await modules.MakeAsync(hub, actor, device, missing, cancellationToken)).Error is { } notMade)
            {
                return notMade;
            }
        }

        return await database.WriteAsync((write, token) => WriteAsync(write, hub, actor, device, content, token), cancellationToken);
    }

    private async Task<Result<bool>> WriteAsync(WriteTransaction write, HubName hub, string actor, DeviceId device, ConfigurationContent content, CancellationToken cancellationToken)
    {
        await TwinRows.LockAllAsync(write, database.Dialect, hub, [device.Value], cancellationToken);
        foreach (var (module, values) in content.Values)
        {
            var key = TargetRows.KeyOf(device.Value, module);
            if (await TwinRows.FindInAsync(write, hub, key, cancellationToken) is not { } row)
            {
                return HubErrors.DeviceNotFound;
            }

            var desired = TwinText.Read(row.Desired);
            var merged = ConfigurationMerge.Apply(desired, [], [values]);
            if (TwinRules.CheckSize(TwinText.Write(merged), "desired properties", twins.MaxDesiredBytes) is { } tooLarge)
            {
                return tooLarge;
            }

            if (ConfigurationMerge.Difference(desired, merged) is { } patch)
            {
                await writer.ConfigureAsync(write, row, patch, cancellationToken);
            }
        }

        write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "configuration.apply", Subject = device.Value, Detail = new JsonObject { ["modules"] = content.Kind == ContentKind.Edge ? content.Values.Count : 0 }.ToJsonString() });
        return true;
    }
}
