using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>The identity registry: devices and modules, one at a time. Each write is one transaction with its audit record and its signal.</summary>
public sealed class IdentityRegistry
{
    private readonly Database database;
    private readonly RegistryTransactions transactions;
    private readonly DeviceWriter devices;
    private readonly ModuleWriter modules;
    private readonly IdentityViews views;
    private readonly RegistryOptions options;

    internal IdentityRegistry(Database database, RegistryTransactions transactions, DeviceWriter devices, ModuleWriter modules, IdentityViews views, RegistryOptions options)
    {
        this.database = database;
        this.transactions = transactions;
        this.devices = devices;
        this.modules = modules;
        this.views = views;
        this.options = options;
    }

    /// <summary>DeviceNotFound, ModuleNotFound.</summary>
    public async Task<Result<RegisteredIdentity>> GetAsync(HubName hub, IdentityKey key, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => IdentityRows.FindAsync(connection, hub, key, token), cancellationToken);
        return row is null ? (key.IsModule ? HubErrors.ModuleNotFound : HubErrors.DeviceNotFound) : views.Show(hub, row);
    }

    /// <param name="hub">Hub.</param>
    /// <param name="top">Most devices wanted; null and anything outside 1 to the limit behave as the limit.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<RegisteredIdentity>> ListDevicesAsync(HubName hub, int? top, CancellationToken cancellationToken)
    {
        var count = top is { } wanted && wanted >= 1 && wanted <= options.MaxListItems ? wanted : options.MaxListItems;
        var rows = await database.ReadAsync((connection, token) => IdentityRows.ListDevicesAsync(connection, hub, count, token), cancellationToken);
        return [.. rows.Select(row => views.Show(hub, row))];
    }

    /// <summary>DeviceNotFound.</summary>
    public async Task<Result<IReadOnlyList<RegisteredIdentity>>> ListModulesAsync(HubName hub, DeviceId device, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, token) => IdentityRows.ReadDeviceAsync(connection, hub, device.Value, token), cancellationToken);
        if (rows.Count == 0)
        {
            return HubErrors.DeviceNotFound;
        }

        return rows.Where(row => row.IsModule).Select(row => views.Show(hub, row)).ToList();
    }

    /// <summary>Creates without If-Match, replaces with it. Errors as the service's precondition table says.</summary>
    public async Task<Result<RegisteredIdentity>> PutAsync(HubName hub, string actor, IdentityInput input, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var condition = WriteCondition.OfPut(ifMatch);
        var written = await transactions.RunAsync(
            hub,
            actor,
            (change, token) => input.Key.IsModule ? modules.PutAsync(change, input, condition, token) : devices.PutAsync(change, input, condition, token),
            cancellationToken);
        return written.IsOk ? views.Show(hub, written.Value) : written.Error;
    }

    /// <summary>Deletes; a device goes with its modules. Without If-Match: PreconditionFailed.</summary>
    public async Task<Result<bool>> DeleteAsync(HubName hub, string actor, IdentityKey key, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        if (ifMatch.Kind == IfMatchKind.Absent)
        {
            return HubErrors.PreconditionFailed.With("The precondition failed: the ETag is missing.");
        }

        var condition = WriteCondition.OfPut(ifMatch);
        var deleted = await transactions.RunAsync(
            hub,
            actor,
            (change, token) => key.IsModule ? ModuleWriter.DeleteAsync(change, key, condition, token) : DeviceWriter.DeleteAsync(change, key.Device, condition, token),
            cancellationToken);
        return deleted.IsOk ? true : deleted.Error;
    }
}
