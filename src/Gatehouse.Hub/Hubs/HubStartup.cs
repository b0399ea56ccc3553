using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Revoking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Hubs;

/// <summary>What the room does when the server starts, after the schema is in place: create the first hub with its policies, load the directory and what is revoked.</summary>
public sealed class HubStartup(Database database, KnownHubs known, BuiltInPolicies policies, KnownRevocations revocations, HubOptions options, TimeProvider time)
{
    /// <summary>Returns the first hub.</summary>
    public async Task<HubEntry> StartAsync(CancellationToken cancellationToken)
    {
        var name = HubName.Parse(options.FirstHub);
        var hostNames = options.HostNames.Select(host => HostNames.Bare(host).ToString().ToLowerInvariant()).Where(host => host.Length > 0).Distinct().ToList();
        var ensured = await database.WriteAsync((transaction, token) => EnsureAsync(transaction, name, hostNames, token), cancellationToken);
        await known.RefreshAsync(cancellationToken);

        // Before any door opens: a list that cannot be read lets nobody in.
        await revocations.RefreshAsync(cancellationToken);
        return ensured.Value;
    }

    private async Task<Result<HubEntry>> EnsureAsync(WriteTransaction transaction, HubName name, List<string> hostNames, CancellationToken cancellationToken)
    {
        if (await HubRows.FindAsync(transaction, database.Dialect, name, cancellationToken) is not { } present)
        {
            return await CreateAsync(transaction, new HubEntry(name, hostNames), cancellationToken);
        }

        // Names of other nodes and earlier starts stay: a client may still use them.
        var merged = new HubEntry(name, [.. hostNames.Concat(present.HostNames).Distinct()]);
        if (merged.HostNames.SequenceEqual(present.HostNames))
        {
            return present;
        }

        await HubRows.UpdateHostNamesAsync(transaction, merged, cancellationToken);
        transaction.Audit(Record("hub.update", merged));
        transaction.Signal(new Signal(SignalSubjects.HubChanged, name.Value, ""));
        return merged;
    }

    private async Task<Result<HubEntry>> CreateAsync(WriteTransaction transaction, HubEntry hub, CancellationToken cancellationToken)
    {
        await HubRows.InsertAsync(transaction, hub, time.GetUtcNow(), cancellationToken);
        transaction.Audit(Record("hub.create", hub));
        await policies.CreateAsync(transaction, hub.Name, cancellationToken);
        transaction.Signal(new Signal(SignalSubjects.HubChanged, hub.Name.Value, ""));
        return hub;
    }

    private static AuditRecord Record(string action, HubEntry hub) => new()
    {
        Hub = hub.Name.Value,
        Actor = "server",
        Action = action,
        Subject = hub.Name.Value,
        Detail = new System.Text.Json.Nodes.JsonObject { ["hostNames"] = string.Join(", ", hub.HostNames) }.ToJsonString(),
    };
}
