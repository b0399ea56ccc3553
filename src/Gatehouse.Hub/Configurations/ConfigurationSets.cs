using System.Collections.Concurrent;
using System.Data.Common;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>The configurations of each hub in memory, as of the last revision that was read.</summary>
internal sealed class ConfigurationSets(Database database, TwinOptions twins, ConfigurationOptions options, ILogger<ConfigurationSets> log)
{
    private static readonly ConfigurationSet Empty = new(0, []);

    private readonly ConcurrentDictionary<HubName, ConfigurationSet> known = new();

    /// <summary>As it was last read; perhaps not the newest.</summary>
    internal ConfigurationSet Peek(HubName hub) => known.GetValueOrDefault(hub, Empty);

    /// <summary>The newest: costs one read of the revision, and of everything when it is another.</summary>
    internal Task<ConfigurationSet> GetAsync(HubName hub, CancellationToken cancellationToken) => database.ReadAsync((connection, token) => ReadAsync(connection, hub, token), cancellationToken);

    private async Task<ConfigurationSet> ReadAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken)
    {
        var revision = await ConfigurationRows.ReadRevisionAsync(connection, null, hub, cancellationToken);
        var present = Peek(hub);
        if (revision == present.Revision)
        {
            return present;
        }

        // The revision first: what changes between the two reads is read again with the next revision.
        var rows = await ConfigurationRows.ListAsync(connection, hub, int.MaxValue, cancellationToken);
        var set = new ConfigurationSet(revision, rows.Select(Compile).OfType<CompiledConfiguration>());
        return known.AddOrUpdate(hub, set, (_, other) => other.Revision > revision ? other : set);
    }

    private CompiledConfiguration? Compile(ConfigurationRow row)
    {
        // By what was allowed when it was made: another limit now is no reason to withdraw it.
        var content = ConfigurationContent.Read(TwinText.Read(row.Content), twins, options with { MaxContentBytes = int.MaxValue, MaxEdgeModules = int.MaxValue });
        var target = content.IsOk ? ConfigurationTarget.Read(row.TargetCondition, content.Value.Kind) : content.Error;
        if (!target.IsOk)
        {
            log.ConfigurationNotRead(row.Id, target.Error.Message);
            return null;
        }

        return new CompiledConfiguration(row.Id, row.Priority, row.Created, target.Value, content.Value);
    }
}
