using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Instances;

/// <summary>What the room does when the server starts, after the hub is there: create the first service, linked with that hub, and load the directory.</summary>
public sealed class ProvisioningStartup : IDisposable
{
    private readonly Database database;
    private readonly ProvisioningDirectory directory;
    private readonly ProvisioningPolicies policies;
    private readonly ProvisioningOptions options;
    private readonly TimeProvider time;
    private readonly ISignals signals;
    private IDisposable? subscription;

    internal ProvisioningStartup(Database database, ProvisioningDirectory directory, ProvisioningPolicies policies, ProvisioningOptions options, TimeProvider time, ISignals signals)
    {
        this.database = database;
        this.directory = directory;
        this.policies = policies;
        this.options = options;
        this.time = time;
        this.signals = signals;
    }

    /// <summary>Returns the first service. It answers to the host names of the hub that it is linked with: requests are told apart by path.</summary>
    public async Task<ProvisioningInstance> StartAsync(HubEntry hub, CancellationToken cancellationToken)
    {
        var ensured = await database.WriteAsync((transaction, token) => EnsureAsync(transaction, hub, token), cancellationToken);
        await ReloadAsync(cancellationToken);
        subscription ??= signals.Subscribe(SignalSubjects.ProvisioningChanged, signal => _ = ReloadAsync(CancellationToken.None));
        return ensured.Value;
    }

    public void Dispose() => subscription?.Dispose();

    private async Task ReloadAsync(CancellationToken cancellationToken) => directory.Replace(await database.ReadAsync(InstanceRows.ReadAllAsync, cancellationToken));

    private async Task<Result<ProvisioningInstance>> EnsureAsync(WriteTransaction transaction, HubEntry hub, CancellationToken cancellationToken)
    {
        var name = HubName.Parse(options.FirstInstance);
        if (await InstanceRows.LockAsync(transaction, database.Dialect, name, cancellationToken) is not { } known)
        {
            return await CreateAsync(transaction, new ProvisioningInstance(name, IdScope.New(), hub.HostNames, AllocationPolicies.Hashed), hub, cancellationToken);
        }

        await TellAsync(transaction, name, hub, cancellationToken);
        var merged = known with { HostNames = [.. hub.HostNames.Concat(known.HostNames).Distinct()] };
        if (!merged.HostNames.SequenceEqual(known.HostNames))
        {
            await InstanceRows.UpdateHostNamesAsync(transaction, merged, cancellationToken);
            Record(transaction, "provisioning.update", merged);
        }

        return merged;
    }

    private async Task<Result<ProvisioningInstance>> CreateAsync(WriteTransaction transaction, ProvisioningInstance instance, HubEntry hub, CancellationToken cancellationToken)
    {
        await InstanceRows.InsertAsync(transaction, instance, time.GetUtcNow(), cancellationToken);
        Record(transaction, "provisioning.create", instance);
        await policies.CreateBuiltInAsync(transaction, instance.Name, cancellationToken);
        var told = ToldOf(hub);
        await LinkedHubRows.InsertAsync(transaction, instance.Name, new LinkedHub(told, hub.Name, LinkedHub.DefaultWeight, Applies: true), cancellationToken);
        transaction.Audit(new AuditRecord { Hub = instance.Name.Value, Actor = "server", Action = "linkedhub.create", Subject = told });
        return instance;
    }

    // The operator gave the hub another name, or took it away: the link and what is known of its devices go along.
    private async Task TellAsync(WriteTransaction transaction, HubName service, HubEntry hub, CancellationToken cancellationToken)
    {
        var told = ToldOf(hub);
        var linked = await LinkedHubRows.FindAsync(transaction, service, hub.Name, cancellationToken);
        if (linked is null || linked.HostName == told)
        {
            return;
        }

        if ((await LinkedHubRows.ReadAllAsync(transaction.Connection, service, cancellationToken, transaction.Transaction)).Any(other => other.HostName == told))
        {
            throw new InvalidOperationException($"The hub cannot be told to devices as '{told}': the provisioning service is linked with a hub on another server by that name.");
        }

        await LinkedHubRows.RenameAsync(transaction, service, hub.Name, told, cancellationToken);
        await RegistrationRows.RenameHubAsync(transaction, database.Dialect, service, [linked.HostName, .. hub.HostNames], told, cancellationToken);
        transaction.Audit(new AuditRecord { Hub = service.Value, Actor = "server", Action = "linkedhub.update", Subject = told, Detail = new JsonObject { ["before"] = linked.HostName }.ToJsonString() });
        transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, service.Value, ""));
    }

    private string ToldOf(HubEntry hub) => options.HubHostName ?? hub.HostNames[0];

    private static void Record(WriteTransaction transaction, string action, ProvisioningInstance instance)
    {
        transaction.Audit(new AuditRecord
        {
            Hub = instance.Name.Value,
            Actor = "server",
            Action = action,
            Subject = instance.Name.Value,
            Detail = new JsonObject { ["idScope"] = instance.IdScope, ["hostNames"] = string.Join(", ", instance.HostNames) }.ToJsonString(),
        });
        transaction.Signal(new Signal(SignalSubjects.ProvisioningChanged, instance.Name.Value, ""));
    }
}
